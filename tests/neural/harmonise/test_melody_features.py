"""What the harmony graph is told of a melody."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from bachd.music.metre import Grid, Metre
from bachd.neural.features import FloatArray
from bachd.neural.harmonise.melody_features import WIDTH, MelodyHistory
from bachd.neural.outlook import Melody

COMMON = Metre(4, 4)
Notes = list[tuple[int | None, int]]
"""Pitches, None for rests, and ticks."""
NOTES = st.lists(st.tuples(st.integers(60, 78) | st.none(), st.sampled_from([6, 12, 24, 36, 48, 96])), max_size=20)


def told(notes: Notes, pitch: int, *, parts: int = 1, metre: Metre = COMMON) -> FloatArray:
    """The features when `pitch` is struck after some notes, each of which is taken in in so many parts."""
    history, melody, grid, tick = MelodyHistory(), Melody(), Grid(((0, metre),)), 0
    for each, ticks in notes:
        for part in range(parts):
            history.push(each, ticks // parts, grid.place(tick), starts=part == 0)
            if each is not None:
                melody.push(each, ticks // parts)
            tick += ticks // parts
    return history.features(pitch, grid.place(tick), melody.outlook(pitch, held=False), held=False)


def keys_of(notes: Notes, pitch: int) -> list[int]:
    """The tonics of the keys that a melody suggests."""
    melody = Melody()
    for each, ticks in notes:
        if each is not None:
            melody.push(each, ticks)
    return [key.tonic for key in melody.keys(pitch)]


@given(NOTES, st.integers(60, 78), st.integers(-5, 6))
def test_a_melody_that_is_moved_has_the_same_features(notes: Notes, pitch: int, by: int) -> None:
    moved = [(None if each is None else each + by, ticks) for each, ticks in notes]
    assume(keys_of(moved, pitch + by) == [(tonic + by) % 12 for tonic in keys_of(notes, pitch)])  # keys may tie
    one, other = told(notes, pitch), told(moved, pitch + by)
    assert one.shape == (WIDTH,)
    assert (one[:-1] == other[:-1]).all()  # the last is how high it is
    assert ((one >= 0) & (one <= 1)).all()


@given(NOTES, st.integers(60, 78))
def test_it_makes_no_difference_in_how_many_parts_a_note_is_known(notes: Notes, pitch: int) -> None:
    assert (told(notes, pitch) == told(notes, pitch, parts=3)).all()


def test_notes_before_lengths_and_metre_are_told() -> None:
    tune: Notes = [(67, 24), (69, 24), (71, 24)]
    usual = told(tune, 72)
    assert (told([(67, 24), (69, 24), (74, 24)], 72) != usual).any()
    assert (told([(67, 24), (69, 24), (71, 48)], 72) != usual).any()
    assert (told([(67, 24), (71, 24), (69, 24)], 72) != usual).any()
    assert (told(tune, 72, metre=Metre(3, 4)) != usual).any()
    assert (told([*tune, (None, 96)], 72) != usual).any()


def test_how_long_the_note_has_been_held_is_told() -> None:
    grid, rows = Grid(), []
    for ticks in (12, 24):
        history = MelodyHistory()
        history.push(67, ticks, grid.place(0), starts=True)
        rows.append(history.features(67, grid.place(24), Melody().outlook(67, held=True), held=True))
    assert (rows[0] != rows[1]).any()
    struck = history.features(67, grid.place(24), Melody().outlook(67, held=True), held=False)
    assert (struck != rows[1]).any()


def test_the_first_note_knows_of_nothing_before() -> None:
    row = MelodyHistory().features(67, Grid().place(0), Melody().outlook(67, held=False), held=False)
    assert np.isfinite(row).all()
    assert (told([], 67) == row).all()
