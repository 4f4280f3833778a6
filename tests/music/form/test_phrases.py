from __future__ import annotations

import pytest

from bachd.music.event import TICKS, parse_line
from bachd.music.form.phrases import ends, opening
from bachd.music.metre import Grid
from bachd.music.piece import Piece

CHORALE = Piece(
    "chorale",
    parse_line(
        "G3.B3.D4.G4 "
        "C3.G3.E4.C5 A2.A3.E4.C5 F3.A3.C4.A4 D3.A3.D4.F4 G3.B3.D4.G4:0.5 F3.B3.D4.G4:0.5 E3.C4.G4 C3.C4.E4.G4 "
        "G3.B3.D4.G4 "
        "C3.G3.E4.C5 A2.A3.E4.C5 D3.A3.F4.D5 G2.G3.D4.B4:0.5 G2.F3.D4.B4:0.5 C3.G3.E4.C5:2 G3.B3.D4.G4 C3.G3.E4.C5"
    ),
    Grid(upbeat=TICKS),
)


def test_a_phrase_ends_where_a_chord_rests_and_all_voices_begin_anew() -> None:
    assert 15 * TICKS in ends(CHORALE)


def test_an_opening_is_cut_at_the_end_of_a_phrase() -> None:
    events, divided = opening(CHORALE, 4)
    assert divided[0] == 0
    assert divided[-1] == sum(event.ticks for event in events) == 15 * TICKS
    assert events == CHORALE.events[: len(events)]


def test_music_that_never_rests_is_cut_at_the_bar_line() -> None:
    piece = Piece("toccata", parse_line("C4:0.25 E4:0.25 G4:0.25 C5:0.25 " * 32), Grid())
    events, divided = opening(piece, 2)
    assert divided == (0, 8 * TICKS)
    assert len(events) == 32


def test_a_long_note_ends_a_phrase_of_a_single_line() -> None:
    piece = Piece("sarabande", parse_line("C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:2 " * 6), Grid())
    assert ends(piece) == [4 * TICKS * number for number in range(1, 6)]


def test_a_piece_that_is_over_before_is_taken_whole() -> None:
    piece = Piece("one", parse_line("C4"), Grid())
    assert opening(piece, 4) == (piece.events, (0, TICKS))


def ends_of(line: str, grid: Grid | None = None) -> list[float]:
    """Quarters at which phrases end."""
    return [tick / TICKS for tick in ends(Piece("line", parse_line(line), grid or Grid()))]


@pytest.mark.parametrize(
    ("line", "quarters"),
    [
        # A chord on the first beat, from the dominant a fourth below, the top going a step: 1 + 1 + 0.5, and 0.5 if all
        # its notes start.
        ("D4.E4.F4:3 G3.D4.B4 C4.E4.C5 D4.F4.D5", [5.0]),
        ("D4.E4.F4:3 G3.D4.B4 ~C4.~E4.C5 D4.F4.D5", [5.0]),  # without the starts it is just enough
        ("D4.E4.F4:3 G3.D4.B4 C3.E4.C5 D4.F4.D5", [5.0]),  # a fifth down is as good as a fourth up
        ("D4.E4.F4:3 F3.D4.B4 ~C4.~E4.C5 D4.F4.D5", []),  # the bass goes another way
        ("D4.E4.F4:3 G3.D4.B4 C4.E4.E5 D4.F4.D5", [5.0]),
        ("D4.E4.F4:3 G3.D4.B4 ~C4.~E4.E5 D4.F4.D5", []),  # the top leaps
        ("D4.E4.F4:3 G3.D4.D5 ~C4.~E4.C5 D4.F4.D5", [5.0]),  # it may go two semitones, down, too
        ("D4.E4.F4:3 G3.D4.D#5 ~C4.~E4.C5 D4.F4.D5", []),
        ("D4.E4.F4:3.5 G3.D4.G4:0.5 ~C4.~E4.C5 D4.F4.D5", [5.0]),  # a short chord before it leads to it
        ("D4.E4.F4:3.25 G3.D4.G4:0.75 ~C4.~E4.C5 D4.F4.D5", []),
        ("D4.E4.F4:2.5 G3.D4.G4:0.5 ~C4.~E4.C5 D4.F4.D5", []),  # but alone it is not enough
        ("D#4.E4.F4:2 G3.D4.B4 C4.E4.C5 D4.F4.D5", []),  # the fourth beat is weak: 2 points
        ("D4.E4.F4:1 G3.D4.B4 C4.E4.C5 D4.F4.D5", [3.0]),  # but the middle of a bar of four is strong
        ("D4.E4.F4:4 C4.E4.C5:1.5 D4.F4.D5", [5.5]),  # long, on the first beat
        ("D4.E4.F4:3 C4.E4.C5:1.5 D4.F4.D5", [4.5]),  # long and with all notes at once
        ("D4.E4.F4:3 ~C4.E4.C5:1.5 D4.F4.D5", []),  # long alone is not enough
        ("D4.E4.F4:3 C4.E4.C5:1.25 D4.F4.D5", []),
        ("R:4 C4.E4.C5 D4.F4.D5", [4.0]),  # what comes after a rest has nothing before it
        ("C4.E4.C5:1.5 D4.F4.D5", [1.5]),  # the first chord has not either
        ("D4.E4.F4:3 G3.D4.B4 C4.E4.C5 ~C4.F4.D5", []),  # a voice goes on
        ("D4.E4.F4:3 G3.D4.B4 E4.G4.C5 D4.F4.D5", []),  # not over its root
        ("D4.E4.F4:3 G3.D4.B4 C4.E4.G4.A#4 D4.F4.D5", []),  # a seventh chord
        ("D4.E4.F4:3 G3.D4.B4 C4.F#4.C5 D4.F4.D5", []),  # no chord
        ("D4.E4.F4:3 G3.D4.B4 C4.E4.C5:0.75 D4.F4.D5", []),  # too short
        ("D4.E4.F4:3 G3.D4.B4 C4.E4.C5", []),  # the end of the piece is no end of a phrase
    ],
)
def test_a_chord_ends_a_phrase_by_what_speaks_for_it(line: str, quarters: list[float]) -> None:
    assert ends_of(line) == quarters


@pytest.mark.parametrize(
    ("line", "quarters"),
    [
        ("C4:0.5 D4:0.5 E4:0.5 R:0.5 E4 F4", [2.0]),
        ("C4:0.5 D4:0.5 E4:0.5 R:5/12 E4 F4", []),  # a breath of less than an eighth
        ("R:2 C4:0.5 D4:0.5", [2.0]),
        ("C4:0.5 D4:0.5 R:2", []),
        ("C4:0.5 R:0.25 R:0.25 D4:0.5 R:0.25", [1.0]),  # rests are one rest
    ],
)
def test_a_rest_ends_a_phrase_where_it_ends(line: str, quarters: list[float]) -> None:
    assert ends_of(line) == quarters


@pytest.mark.parametrize(
    ("line", "quarters"),
    [
        ("C4:0.5 D4:0.5 E4:1.5 C4:0.5 D4:0.5", [2.5]),  # three times the usual length
        ("C4:0.5 D4:0.5 E4:1.25 C4:0.5 D4:0.5", []),
        ("C4:0.25 D4:0.25 E4:0.75 C4:0.25 D4:0.25", []),  # less than a quarter is never long
        ("C4:0.25 D4:0.25 E4 C4:0.25 D4:0.25", [1.5]),
        ("C4 D4 E4:2 C4 D4", [4.0]),  # a half note is always long
        ("C4 D4 E4:1.75 C4 D4", []),
        ("C4 D4 E4 ~E4 C4 D4", [4.0]),  # what is held on is one note
        ("C4 D4 E4.G4 ~E4.~G4 C4 D4", [4.0]),
        ("C4 D4 E4.G4 ~E4 C4 D4", []),
        ("C4 D4 E4 E4 C4 D4", []),
    ],
)
def test_in_one_or_two_voices_a_long_note_ends_a_phrase(line: str, quarters: list[float]) -> None:
    assert ends_of(line) == quarters


def test_a_piece_without_events_has_no_phrases() -> None:
    assert ends(Piece("none", (), Grid())) == []


PHRASES = "C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:0.5 A4:0.5 "


@pytest.mark.parametrize(
    ("line", "bars", "quarters"),
    [
        (PHRASES + "C4:3 " + PHRASES + "C4:3 " + PHRASES + "C4:3", 1, [0, 6]),  # 6 is within a bar of 4
        (PHRASES + "C4:3 " + PHRASES + "C4:3 " + PHRASES + "C4:3", 2, [0, 6]),
        (PHRASES + "C4:3 " + PHRASES + "C4:3 " + PHRASES + "C4:3", 3, [0, 6, 12]),
        (PHRASES + "C4:5 " + PHRASES * 4, 1, [0, 8]),  # a bar away
        (PHRASES + "C4:5.25 " + PHRASES * 4, 1, [0, 4]),  # further: cut at the bar line
        (PHRASES + "C4:3 " + PHRASES * 4, 3, [0, 6]),  # half of three bars away
        (PHRASES + "C4:2.75 " + PHRASES * 4, 3, [0, 5.75, 12]),
    ],
)
def test_an_opening_ends_with_the_nearest_phrase_within_half_its_length(
    line: str, bars: int, quarters: list[float]
) -> None:
    piece = Piece("line", parse_line(line), Grid())
    events, divided = opening(piece, bars)
    assert [tick / TICKS for tick in divided] == quarters
    assert sum(event.ticks for event in events) == divided[-1]


def test_bars_are_counted_without_the_upbeat() -> None:
    piece = Piece("upbeat", parse_line(PHRASES * 6), Grid(upbeat=TICKS))
    assert opening(piece, 2)[1] == (0, 9 * TICKS)
    assert opening(Piece("none", piece.events, Grid()), 2)[1] == (0, 8 * TICKS)
