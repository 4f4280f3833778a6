from __future__ import annotations

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
