from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachd.training.jsb.data import Benchmark, Chorale, read

features: Any = pytest.importorskip("bachd.training.jsb.features", exc_type=ImportError)
viewpoints: Any = pytest.importorskip("bachd.training.jsb.viewpoints", exc_type=ImportError)

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

CADENCE = [[67, 62, 59, 43]] * 4 + [[66, 62, 57, 50]] * 2 + [[66, -1, 60, 50]] * 2 + [[67, 59, 59, 43]] * 8
OTHER = [[72, 67, 64, 48]] * 4 + [[71, 67, 62, 43]] * 4


def benchmark(folder: Path, train: list[list[int]], test: list[list[int]], *, voiced: bool = True) -> Benchmark:
    def rows(piece: list[list[int]]) -> list[list[int]]:
        return piece if voiced else [sorted({pitch for pitch in row if pitch >= 0}) for row in piece]

    path = folder / "file.json"
    path.write_text(json.dumps({"train": [rows(train)], "valid": [rows(test)], "test": [rows(test)]}))
    return read(path)


def moved(rows: list[list[int]], by: int) -> list[list[int]]:
    return [[pitch + by if pitch >= 0 else -1 for pitch in row] for row in rows]


def said(data: Benchmark) -> tuple[Any, Any]:
    """Probabilities of the test piece's decisions by each model, and the right answers."""
    (piece,) = data.splits["test"]
    truth = features.encode(piece, data, whole=True).symbols.ravel()
    return np.exp(np.array(viewpoints.Viewpoints(data).said(piece))), truth


@pytest.mark.parametrize("voiced", [True, False])
def test_probabilities_add_up_to_one_over_the_answers_to_each_decision(tmp_path: Path, voiced: bool) -> None:
    chances, truth = said(benchmark(tmp_path, CADENCE, OTHER + CADENCE + OTHER, voiced=voiced))
    assert chances.shape[1:] == (len(truth), features.ANSWERS)
    np.testing.assert_allclose(chances.sum(axis=2), 1)
    decisions = 5 if voiced else 4
    every = chances.reshape(len(chances), -1, decisions, features.ANSWERS)
    assert (every[:, :, :4, : features.LASTING] > 0).all()
    assert (every[:, :, :4, features.LASTING :] == 0).all()
    if voiced:
        assert (every[:, :, 4, : features.LASTING] == 0).all()
        assert (every[:, :, 4, features.LASTING :] > 0).all()


@pytest.mark.parametrize("by", [0, 3, -4])
def test_music_that_was_counted_is_expected_in_any_key(tmp_path: Path, by: int) -> None:
    """From the second chord on. Two viewpoints count from the notes before, and know no key that could be mistaken."""
    chances, truth = said(benchmark(tmp_path, CADENCE, moved(CADENCE, by)))
    right = chances[:, np.arange(len(truth)), truth]
    assert right[:4:2, 5:].min() > 0.9
    assert np.median(right[1::2, 5:]) < 0.5


def test_music_that_returns_is_expected_by_the_short_term_models(tmp_path: Path) -> None:
    data = benchmark(tmp_path, OTHER, CADENCE * 3)
    chances, truth = said(data)
    right = chances[1::2, np.arange(len(truth)), truth]
    third = len(truth) // 3
    assert right[:, 2 * third : -1].mean() > 0.9 > 0.5 > right[:, : third // 2].mean()


@pytest.mark.parametrize("at", range(1, 6))
def test_nothing_is_said_of_a_decision_but_by_those_before_it(tmp_path: Path, at: int) -> None:
    data = benchmark(tmp_path, CADENCE * 2, OTHER)
    whole = Chorale(((67, 62, 59, 43), (66, 62, 57, 50)) * 3, (4, 2) * 3)
    models = viewpoints.Viewpoints(data)
    for voice in range(5):
        chord = tuple(69 if each > voice else pitch for each, pitch in enumerate(whole.chords[at]))
        other = Chorale(
            (*whole.chords[:at], chord, *[(70, 65, 61, 46)] * (5 - at)), (*whole.lengths[:at], *[7] * (6 - at))
        )
        seen = 5 * at + voice + 1  # of this chord all voices up to that one are the same, and what is said of the next
        for one, two in zip(models.said(whole), models.said(other), strict=True):
            np.testing.assert_array_equal(one[: min(seen + 1, 5 * at + 5)], two[: min(seen + 1, 5 * at + 5)])
