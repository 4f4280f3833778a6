from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.music.form.character import LENGTHS, REACH, Character, Tally, tally

LINE = "C4 D4 E4 F4 G4 F4 E4 D4 "
PIECE = parse_line(LINE * 12)


def deviation(music: str) -> float:
    return Character(PIECE).deviation(tally(parse_line(music)))


def test_nothing_is_as_like_a_piece_as_the_piece() -> None:
    assert deviation(LINE * 12) < deviation("C4 D4 E4 F4 " * 24) < deviation("C4 E4 G4 E4 " * 24)
    assert Character(PIECE).deviation(Tally()) == 0


@pytest.mark.parametrize(
    "other",
    [
        LINE.replace(" ", ":0.5 "),  # other lengths
        "C4 G4 C4 G4 D4 G4 E4 F4 ",  # leaps
        "C4.E4 D4.F4 E4.G4 F4.A4 G4.B4 F4.A4 E4.G4 D4.F4 ",  # chords
        "C#4 D#4 F4 F#4 G#4 F#4 F4 D#4 ",  # other notes
    ],
)
def test_what_is_unlike_it_counts_the_more_the_more_there_is_of_it(other: str) -> None:
    assert 0 < deviation(LINE * 4 + other * 4) < deviation(other * 8)


def test_what_there_has_been_too_much_of_is_drawn_less() -> None:
    drift = Character(PIECE).drift(tally(parse_line("C4:0.5 C4.E4:0.5 " * 30)))
    assert drift is not None
    assert drift.lengths[LENGTHS.index(12)] < 0 < drift.lengths[LENGTHS.index(24)]
    assert drift.classes[0] < 0 < drift.classes[2]
    assert drift.steps[REACH + 4] < 0 < drift.steps[REACH + 2]
    assert drift.ends[1] > 0  # after one note there is to be no second


def test_nothing_drifts_before_anything_has_been_counted() -> None:
    drift = Character(PIECE).drift(Tally())
    assert drift is not None
    assert not any([*drift.steps, *drift.lengths, *drift.classes, *drift.ends])


def test_of_a_few_events_nothing_is_expected() -> None:
    assert Character(parse_line(LINE)).deviation(tally(parse_line("F#2.C3:4 " * 9))) == 0
    assert Character(parse_line(LINE)).drift(Tally()) is None


def test_an_inner_note_that_starts_is_no_step_of_an_outer_line() -> None:
    before, after = parse_line("C3.E4.C5 ~C3.F4.~C5")
    found = Tally().after(before)
    assert found.after(after).top == found.top
    assert sum(found.after(after).counts) == sum(found.counts) + 3  # a length, a density and a note


def test_what_has_had_too_few_notes_is_to_have_as_many_as_usual() -> None:
    three = Character(parse_line("C3.E4.G4 D3.F4.A4 E3.G4 " * 12))
    thin, full = tally(parse_line("C3.E4 D3.F4 " * 10)), tally(parse_line("C3.E4.G4 D3.F4.A4 " * 10))
    for found, voices in ((thin, 3), (full, 0)):
        drift = three.drift(found)
        assert drift is not None
        assert drift.voices == voices
    line = Character(parse_line("C4 D4 E4 F4 " * 12)).drift(tally(parse_line("R:2 " * 8)))
    assert line is not None
    assert line.voices == 0
