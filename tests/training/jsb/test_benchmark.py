"""The benchmark from a file to its figures, on music small enough to learn in seconds."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.errors import UsageError
from bachd.training import cli
from bachd.training.recipe import Recipe

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

CADENCE = [[67, 62, 59, 43]] * 4 + [[66, 62, 57, 50]] * 2 + [[66, 62, 60, 50]] * 2 + [[67, 59, 59, 43]] * 8
SMALL = Recipe(
    width=16,
    hidden=24,
    dropout=0.0,
    epochs=40,
    crop_length=32,
    batch_size=2,
    ema_decay=0.5,
    learning_rate=1e-2,
    transpose=(0, 0),
)


@pytest.fixture(scope="module")
def parts() -> Any:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.jsb import benchmark, features, train
    from bachd.training.jsb import data as jsb_data

    class Parts:
        pass

    found = Parts()
    found.__dict__.update(benchmark=benchmark, jsb=jsb_data, features=features, train=train)
    return found


def written(folder: Path, *, voiced: bool) -> Path:
    rows = CADENCE * 5 if voiced else [sorted(set(row)) for row in CADENCE * 5]
    path = folder / ("voices.json" if voiced else "frames.json")
    path.write_text(json.dumps({"train": [rows] * 3, "valid": [rows], "test": [rows, rows[:40]]}))
    return path


@pytest.fixture
def small(parts: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(parts.benchmark, "VOICED", (SMALL, replace(SMALL, rng=2, epochs=20)))
    monkeypatch.setattr(parts.benchmark, "FRAMES", (SMALL,))
    return parts


@pytest.mark.parametrize("voiced", [True, False])
def test_the_probabilities_of_all_that_could_come_next_add_up_to_one(small: Any, tmp_path: Path, voiced: bool) -> None:
    """Over every continuation of two decisions, and by the decisions' own rules of what is possible."""
    data = small.jsb.read(written(tmp_path, voiced=voiced))
    encoded = small.features.encode(data.splits["test"][0], data, whole=True)
    chances = np.exp(small.train.built(data, SMALL).decide(encoded))
    chances /= chances.sum(axis=1, keepdims=True)
    assert (chances[np.arange(len(chances)), encoded.symbols.ravel()] > 0).all()
    decisions = encoded.symbols.shape[1]
    pitches = chances.reshape(-1, decisions, small.features.ANSWERS)[:, :4]
    assert (pitches[..., small.features.LASTING :] == 0).all()
    if voiced:
        assert (chances.reshape(-1, decisions, small.features.ANSWERS)[:, 4, : small.features.LASTING] == 0).all()
    else:  # a set is spelled in one way only
        for place, later in product(encoded.symbols[:, 0], [small.features.SILENCE]):
            at = int(np.flatnonzero(encoded.symbols[:, 0] == place)[0])
            allowed = np.flatnonzero(pitches[at, 1] > 0)
            assert set(allowed) == {*range(int(place)), later}


@pytest.mark.parametrize("voiced", [True, False])
def test_it_learns_and_the_int8_graphs_say_the_same(
    small: Any, tmp_path: Path, voiced: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, voiced=voiced)
    command = ["benchmark", "jsb", "--data", str(path), "--work", str(tmp_path / "runs"), "--json"]
    assert cli.main(command) == 0
    (trained,) = json.loads(capsys.readouterr().out)
    even = np.log(small.features.PLACES)  # nats a pitch for who knows nothing; a frame has four
    assert trained["float_nll"] < (even if voiced else 4 * even) / 5
    assert trained["int8_nll"] == pytest.approx(trained["float_nll"], abs=0.05)
    assert trained["units"] == (120 * 4 if voiced else 120)
    assert 0 < trained["bytes"] < 500_000
    if voiced:  # the same command again has nothing left to learn, and finds the same
        assert cli.main(command) == 0
        assert json.loads(capsys.readouterr().out) == [trained]


def test_a_folder_holds_one_run(small: Any, tmp_path: Path) -> None:
    small.benchmark.run(small.jsb.read(written(tmp_path, voiced=True)), tmp_path / "run", 1)
    with pytest.raises(UsageError, match="another run"):
        small.benchmark.run(small.jsb.read(written(tmp_path, voiced=False)), tmp_path / "run", 1)
