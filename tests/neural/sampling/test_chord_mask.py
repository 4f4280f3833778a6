from __future__ import annotations

import numpy as np
import pytest

from bachd.music.pitch import number
from bachd.neural.features import END, END_OF_PIECE, HOLD, LOWEST, PITCHES, START, SYMBOLS
from bachd.neural.sampling.chord_mask import ChordMask
from bachd.neural.sampling.guidance import Chord

C_MAJOR = frozenset({0, 4, 7})
PIANO = range(LOWEST, LOWEST + PITCHES)


def start(name: str) -> int:
    return START + number(name) - LOWEST


def left(mask: ChordMask, *chosen: str, only: list[str] | None = None) -> set[int]:
    """Pitches of which a note may start or be held next, of those given or of all; the highest is chosen first."""
    symbols = mask.first.copy()
    for index in range(2 * PITCHES) if only else ():
        if index % PITCHES + LOWEST not in map(number, only or ()):
            symbols[index] = -np.inf
    for index in range(2 * PITCHES) if chosen else ():
        if index % PITCHES + LOWEST >= number(chosen[-1]):
            symbols[index] = -np.inf
    if not mask.may_end([start(name) for name in chosen]):
        symbols[END] = -np.inf
    mask.narrow(symbols, [start(name) for name in chosen])
    assert set(symbols.tolist()) <= {0.0, -np.inf}
    found = {symbol % PITCHES + LOWEST for symbol in range(2 * PITCHES) if np.isfinite(symbols[symbol])}
    assert found == {symbol + LOWEST for symbol in range(PITCHES) if np.isfinite(symbols[HOLD + symbol])}
    return found


def classes(pitches: set[int]) -> set[int]:
    return {pitch % 12 for pitch in pitches}


def test_only_notes_of_the_chord_and_the_end_of_it_are_left() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=None), PIANO)
    assert classes(left(mask)) == C_MAJOR
    assert mask.first[END] == 0
    assert not np.isfinite(mask.first[END_OF_PIECE])
    assert mask.first.shape == (SYMBOLS,)
    assert mask.first.dtype == np.float32


def test_notes_outside_the_range_are_out() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=None), range(60, 68))
    assert left(mask) == {60, 64, 67}


def test_from_below_the_lowest_bass_nothing_is_begun() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=0, voices=3), range(50, 80))
    assert min(left(mask)) == number("C4")
    assert min(left(ChordMask(Chord(C_MAJOR, bass=4, voices=3), range(50, 80)))) == number("E3")
    assert left(ChordMask(Chord(C_MAJOR, bass=0), range(50, 60))) == set()


@pytest.mark.parametrize(
    ("chosen", "ends"),
    [([], False), (["C4"], False), (["G4", "E4"], False), (["G4", "E4", "C4"], True), (["C5", "G4", "E4"], False)],
)
def test_it_ends_on_its_bass_with_all_its_voices(chosen: list[str], ends: bool) -> None:
    assert ChordMask(Chord(C_MAJOR, bass=0, voices=3), PIANO).may_end([start(name) for name in chosen]) is ends


def test_a_held_bass_ends_it_too_and_any_note_where_no_bass_is_asked_for() -> None:
    held = HOLD + number("C3") - LOWEST
    assert ChordMask(Chord(C_MAJOR, bass=0), PIANO).may_end([start("E4"), held])
    assert ChordMask(Chord(C_MAJOR, bass=None, voices=2), PIANO).may_end([start("G4"), start("E4")])
    assert not ChordMask(Chord(C_MAJOR, bass=None, voices=2), PIANO).may_end([start("G4")])


def test_the_top_is_one_of_those_asked_for_if_any_is_in_reach() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=0, voices=3, third=4, tops=frozenset({0})), PIANO)
    assert classes(left(mask)) == {0}
    assert classes(left(mask, "E5")) == C_MAJOR  # only the first note is the top
    assert classes(left(mask, only=["E4", "G4"])) == {4, 7}


def test_the_last_note_is_the_bass() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=0, voices=3, third=4), PIANO)
    assert classes(left(mask, "E5")) == C_MAJOR
    assert classes(left(mask, "G4", "E4")) == {0}
    assert classes(left(mask, "G4", "E4", only=["E3", "G3"])) == {4, 7}  # rather another note than none


def test_the_third_comes_while_there_is_room_for_it_and_the_bass() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=0, voices=4, third=4), PIANO)
    assert classes(left(mask, "C5")) == C_MAJOR
    assert classes(left(mask, "C5", "G4")) == {4}
    assert classes(left(mask, "E5", "C5")) == C_MAJOR  # there is one
    assert classes(left(mask, "C5", "G4", only=["C4", "G3", "C3"])) == {0, 7}  # none is in reach
    assert classes(left(ChordMask(Chord(C_MAJOR, bass=0, voices=3, third=4), PIANO), "C5")) == {4}


def test_nothing_below_the_lowest_third_is_begun_while_it_is_missing() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=0, voices=4, third=4), range(48, 90))
    assert min(left(mask)) == number("E3")
    assert min(left(mask, "E5")) == number("C3")


def test_two_voices_need_no_third() -> None:
    mask = ChordMask(Chord(C_MAJOR, bass=0, voices=2, third=4), PIANO)
    assert classes(left(mask, "C5")) == {0}
