from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.training.fit.dataset import EMPTY
from bachd.training.jsb import data as jsb

mixture: Any = pytest.importorskip("bachd.training.jsb.mixture", reason="needs the extra 'train'", exc_type=ImportError)
features: Any = pytest.importorskip("bachd.training.jsb.features", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


@pytest.fixture
def data(tmp_path: Path) -> jsb.Benchmark:
    path = tmp_path / "file.json"
    rows = [[67, 62, 59, 43]] * 4 + [[66, 62, 57, 50]] * 8
    path.write_text(json.dumps({"train": [rows], "valid": [rows], "test": [rows]}))
    return jsb.read(path)


def test_asked_in_keys_the_answer_stands_in_the_key_of_the_piece(data: jsb.Benchmark) -> None:
    (piece,) = data.splits["valid"]

    def knows(encoded: Any) -> Any:
        """What is right has nine tenths, wherever the piece stands."""
        truth = encoded.symbols.ravel()
        chances = np.full((len(truth), features.ANSWERS), 0.1 / (features.ANSWERS - 1))
        chances[np.arange(len(truth)), truth] = 0.9
        return np.log(chances)

    said = mixture.in_keys(knows, piece, data)
    np.testing.assert_allclose(np.exp(said).sum(axis=1), 1)
    truth = features.encode(piece, data, whole=True).symbols.ravel()
    assert (said.argmax(axis=1) == truth).all()
    assert (np.exp(said)[np.arange(len(truth)), truth] > 0.9).all()


def test_weights_find_who_is_right_and_how_sure_to_be() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, (3_000, 2)).astype(np.int32)

    def guess(right: float) -> Any:
        said = np.full((truth.size, 5), np.log((1 - right) / 3))
        said[np.arange(truth.size), truth.ravel()] = np.log(right)
        wrong = rng.random(truth.size) > 0.7
        said[wrong, :4] = rng.permuted(said[wrong, :4], axis=1)
        said[:, 4] = -np.inf  # impossible
        return said

    one, two, noise = guess(0.99), guess(0.6), mixture.normalised(rng.normal(size=(truth.size, 5)))
    noise = mixture.normalised(np.where(np.isinf(one), -np.inf, noise))
    truth[-1, 1] = EMPTY
    weights = mixture.fit_weights([one, two, noise], truth)
    assert weights.shape == (2, 3)
    assert np.abs(weights[:, 2]).max() < 0.1

    def nats(said: Any) -> float:
        known = truth.ravel() != EMPTY
        return -float(said[known, truth.ravel()[known]].sum())

    found = mixture.mixed([one, two, noise], weights)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)
    assert nats(found) < min(nats(one), nats(two), nats(noise)) - 100
    for change in ([0.05, 0, 0], [0, -0.05, 0]):  # none better near by
        assert nats(found) < nats(mixture.mixed([one, two, noise], weights + change))


def test_of_the_last_chord_only_what_is_known_is_counted(data: jsb.Benchmark) -> None:
    piece = features.encode(data.splits["test"][0], data, whole=True)
    even = np.log(features.ANSWERS)
    said = np.full((piece.symbols.size, features.ANSWERS), -even)
    known = features.ANSWERS - (features.LASTING + 7)  # 8 rows or more of 32: all answers from there on together
    expected = (piece.symbols.size - 1) * even + np.log(features.ANSWERS / known)
    assert mixture.nats(said, piece, True) == pytest.approx(expected)
