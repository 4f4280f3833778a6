"""The graph for the chords under a melody learns from pieces what is in them."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.melody_features import WIDTH
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import ScriptedModel

pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own

CHORALE = Piece(
    "small", parse_line("C3.G3.E4.C5 F3.A3.F4.~C5 G2.G3.D4.B4:0.5 ~G2.F3.D4.~B4:0.5 R C3.G3.E4.C5:2"), Grid()
)


@pytest.fixture(scope="module")
def harmony() -> Any:
    pytest.importorskip("tensorflow", reason="needs the extra 'train'")
    from bachd.training.fit import harmony

    return harmony


def test_examples_are_the_chords_under_each_note_by_eighths(harmony: Any) -> None:
    known = harmony.examples([CHORALE])
    assert known.rows.shape == (10, WIDTH)
    assert known.chords == (*[(0, 4, 7)] * 2, *[(0, 5, 9)] * 2, (0, 3, 8), (0, 3, 6, 8), *[(0, 4, 7)] * 4)
    assert known.basses.tolist() == [0, 0, 5, 5, 8, 8, 0, 0, 0, 0]
    assert known.ticks.tolist() == [12] * 10
    assert known.commonest(2) == [(0, 4, 7), (0, 5, 9)]


def test_examples_are_told_what_the_harmoniser_is_told_when_it_plays_the_same(harmony: Any) -> None:
    rows = []

    class Listening:
        def likeliest(self, row: Any, pitch: int, having: int | None = None) -> list[Any]:
            rows.append(row.copy())
            return []

    model = ScriptedModel([CHORALE.events[index] for index in (0, 0, 1, 2, 3, 5)])  # one for each time it is asked
    sampler = Sampler(model, Random(1), temperature=0, top_p=1, pitches=(36, 84))
    harmoniser = Harmoniser(model, sampler, chords=Listening())  # type: ignore[arg-type]
    harmoniser.strike(72, 0)
    harmoniser.go_on(12)
    harmoniser.go_on(24)
    harmoniser.strike(71, 48)
    harmoniser.go_on(60)
    harmoniser.release(72)
    harmoniser.strike(72, 96)
    known = harmony.examples([CHORALE]).rows
    assert (np.array(rows) == known[[0, 1, 2, 4, 5, 6]]).all()


def test_it_learns_what_it_is_shown_and_the_same_each_time(harmony: Any) -> None:
    known = harmony.examples([CHORALE] * 40)
    sets = known.commonest()
    assert len(sets) == 4
    one, other = (harmony.train(known, sets, 60, 3).predict(known.rows[:10], verbose=0) for _ in range(2))
    assert one.shape == (10, 4 + 12)
    assert (one == other).all()
    assert [sets[index] for index in one[:, :4].argmax(axis=1)] == list(known.chords[:10])
    assert one[:, 4:].argmax(axis=1).tolist() == known.basses[:10].tolist()


def test_chords_that_are_too_rare_teach_their_bass(harmony: Any) -> None:
    known = harmony.examples([CHORALE] * 40)
    said = harmony.train(known, [(0, 4, 7)], 60, 3).predict(known.rows[:10], verbose=0)
    assert said.shape == (10, 1 + 12)
    assert said[:, 1:].argmax(axis=1).tolist() == known.basses[:10].tolist()
