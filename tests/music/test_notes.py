"""Notes are cut into events and joined again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line, print_line
from bachd.music.notes import Note, cut, join
from tests.music.strategies import NOTES, rows

C4, E4, G4 = 60, 64, 67


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([], ""),
        ([Note(0, 24, C4)], "C4"),
        ([Note(24, 48, C4)], "R C4"),
        ([Note(0, 24, C4), Note(36, 48, C4)], "C4 R:0.5 C4:0.5"),
        ([Note(0, 24, C4), Note(24, 48, C4)], "C4 C4"),
        ([Note(0, 48, C4), Note(24, 48, E4)], "C4 ~C4.E4"),
        ([Note(0, 48, E4), Note(0, 24, C4)], "C4.E4 ~E4"),
        ([Note(0, 24, C4), Note(12, 48, C4)], "C4:0.5 C4:1.5"),
        # Two voices on one key: it is struck again, and sounds for as long as one of them keeps it.
        ([Note(0, 96, C4), Note(24, 48, C4)], "C4 C4:3"),
        # Nothing is heard of the second voice's end, so nothing is cut there.
        ([Note(0, 96, C4), Note(0, 24, C4), Note(48, 96, E4)], "C4:2 ~C4.E4:2"),
    ],
)
def test_notes_are_cut_at_each_onset_and_release(notes: list[Note], expected: str) -> None:
    assert print_line(cut(notes)) == expected


@pytest.mark.parametrize(
    ("until", "expected"), [(0, ""), (12, "C4:0.5"), (36, "C4 ~C4.E4:0.5"), (48, "C4 ~C4.E4"), (72, "C4 ~C4.E4 R")]
)
def test_cutting_can_end_before_or_after_the_last_release(until: int, expected: str) -> None:
    assert print_line(cut([Note(0, 48, C4), Note(24, 48, E4)], until)) == expected


def test_joined_notes_come_in_the_order_in_which_they_end() -> None:
    assert list(join(parse_line("C4.E4.G4 ~C4.E4 ~C4.~E4 R"))) == [
        Note(0, 24, E4),
        Note(0, 24, G4),
        Note(0, 72, C4),
        Note(24, 72, E4),
    ]


def test_a_note_held_from_nowhere_starts_there() -> None:
    assert list(join(parse_line("R ~C4"))) == [Note(24, 48, C4)]


@given(rows())
def test_what_is_joined_is_cut_again_into_the_same_events(row: tuple[Event, ...]) -> None:
    assert cut(join(row)) == row


@given(st.lists(NOTES, max_size=40))
def test_each_tick_sounds_as_the_notes_say(notes: list[Note]) -> None:
    tick = 0
    for event in cut(notes):
        for each in range(tick, tick + event.ticks):
            assert set(event.sounding) == {note.pitch for note in notes if note.start <= each < note.end}
        assert set(event.starts) == {note.pitch for note in notes if note.start == tick}
        tick += event.ticks
    assert tick == max((note.end for note in notes), default=0)


@given(st.lists(NOTES, max_size=40))
def test_every_event_but_the_first_begins_with_something_heard(notes: list[Note]) -> None:
    found = cut(notes)
    for before, event in pairwise(found):
        assert event.starts or event.sounding != before.sounding
        assert set(event.held) <= set(before.sounding)


@given(st.lists(NOTES, max_size=40), st.integers(0, 500))
def test_cutting_until_a_tick_is_as_long_as_that(notes: list[Note], until: int) -> None:
    assert sum(event.ticks for event in cut(notes, until)) == until


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 4), (-1, 4)])
def test_a_note_that_does_not_sound_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"from tick {start} to {end} does not sound"):
        Note(start, end, C4)
