"""What the harmony graph is told of a melody."""

from __future__ import annotations

from copy import copy

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from bachd.music.metre import Grid, Metre
from bachd.neural.features import FloatArray
from bachd.neural.harmonise.melody_features import CHORD, WIDTH, MelodyHistory
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
    height = CHORD.start - 1
    assert (np.delete(one, height) == np.delete(other, height)).all()
    assert ((one >= 0) & (one <= 1)).all()


@given(NOTES, st.integers(60, 78))
def test_it_makes_no_difference_in_how_many_parts_a_note_is_known(notes: Notes, pitch: int) -> None:
    assert (told(notes, pitch) == told(notes, pitch, parts=3)).all()


@given(NOTES, st.integers(60, 78), st.booleans())
def test_histograms_are_those_of_all_notes_however_many(notes: Notes, pitch: int, held: bool) -> None:
    notes = [(60, 48), *notes] if held else notes
    history, melody, grid, tick = MelodyHistory(), Melody(), Grid(), 0
    begun: list[tuple[int, int, int]] = []
    for each, ticks in notes:
        history.push(each, ticks, grid.place(tick), starts=True)
        if each is not None:
            begun.append((each, tick, ticks))
        tick += ticks
    going_on = held and bool(begun)
    pitch = begun[-1][0] if going_on else pitch
    row = history.features(pitch, grid.place(tick), melody.outlook(pitch, held=held), held=held)
    before, now = (begun[:-1], begun[-1][2]) if going_on else (begun, 0)
    for place, span in enumerate((10**9, 192, 96)):
        wanted = np.zeros(12, np.float32)
        wanted[0] = now + 6
        for each, at, ticks in before:
            wanted[(each - pitch) % 12] += ticks * (tick - at < span)
        assert np.allclose(row[24 * place : 24 * place + 12], wanted / wanted.sum())
        assert (row[24 * place + 12 : 24 * place + 24] == (wanted > 0)).all()
    closes = np.bincount([(each - pitch) % 12 for each, _, ticks in before if ticks >= 48], minlength=12)
    assert np.allclose(row[72:84], closes / max(1, closes.sum()))


@given(NOTES, NOTES, st.integers(60, 78))
def test_a_copy_goes_on_by_itself(notes: Notes, more: Notes, pitch: int) -> None:
    one, other, melody, place = MelodyHistory(), MelodyHistory(), Melody(), Grid().place(0)
    for each, ticks in notes:
        one.push(each, ticks, place, starts=True)
        other.push(each, ticks, place, starts=True)
    twin, outlook = copy(one), melody.outlook(pitch, held=False)
    for each, ticks in more:
        twin.push(each, ticks, place, starts=False)
        other.push(each, ticks, place, starts=False)
    assert (twin.features(pitch, place, outlook, held=False) == other.features(pitch, place, outlook, held=False)).all()
    for each, ticks in more:
        one.push(each, ticks, place, starts=False)
    assert (one.features(pitch, place, outlook, held=False) == other.features(pitch, place, outlook, held=False)).all()


def test_notes_before_lengths_and_metre_are_told() -> None:
    tune: Notes = [(67, 24), (69, 24), (71, 24)]
    usual = told(tune, 72)
    assert (told([(67, 24), (69, 24), (74, 24)], 72) != usual).any()
    assert (told([(67, 24), (69, 24), (71, 48)], 72) != usual).any()
    assert (told([(67, 24), (71, 24), (69, 24)], 72) != usual).any()
    assert (told(tune, 72, metre=Metre(3, 4)) != usual).any()
    assert (told([*tune, (None, 96)], 72) != usual).any()


def test_the_chord_of_the_quarter_is_told_as_intervals_from_the_note() -> None:
    history, outlook, place = MelodyHistory(), Melody().outlook(67, held=False), Grid().place(12)
    known = history.features(67, place, outlook, held=False, chord=(48, 55, 64, 67))
    assert known[CHORD].nonzero()[0].tolist() == [0, 5, 9, 12 + 5, 24]
    unknown = history.features(67, place, outlook, held=False)
    assert not unknown[CHORD].any()
    known[CHORD] = 0
    assert (known == unknown).all()


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
