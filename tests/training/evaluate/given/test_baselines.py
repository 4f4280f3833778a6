from __future__ import annotations

from bachd.music.event import parse_line, print_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.given.baselines import Table


def piece(line: str) -> Piece:
    return Piece("a piece", parse_line(line), Grid())


LEARNED = [piece("C3.G3.E4.C5 G2.G3.D4.B4 C3.G3.E4.C5"), piece("F2.A3.F4.C5"), piece("D3.A3.D4")]


def test_the_commonest_chord_of_a_note_is_taken() -> None:
    table = Table(LEARNED, plain=True)
    assert print_line(table.harmonise(piece("C5 B4 R C5:2"))) == "C3.G3.E4.C5 G2.G3.D4.B4 R C3.G3.E4.C5:2"


def test_a_note_that_never_occurred_gets_the_commonest_chord_of_all() -> None:
    assert print_line(Table(LEARNED, plain=True).harmonise(piece("D5"))) == "D3.A3.F#4.D5"


def test_what_led_to_a_note_makes_a_difference() -> None:
    scale = piece("C3.E4.G4.C5 G2.D4.G4.B4 C3.E4.G4.C5 A2.E4.A4.C5 G2.D4.G4.B4 F2.C4.A4.C5")
    found = Table([scale]).harmonise(piece("C5 B4 C5"))
    assert [print_line([event]) for event in found[1:]] == ["G2.D4.G4.B4", "C3.E4.G4.C5"]


def test_the_melody_is_kept_in_any_key() -> None:
    found = Table(LEARNED).harmonise(piece("F5 E5:0.5 F5:1.5 R F5"))
    assert [event.sounding[-1] if event.sounding else None for event in found] == [77, 76, 77, None, 77]
