from __future__ import annotations

from bachd.music.event import parse, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural.planning.texture import Texture

CHORALE = "C3.G3.E4.C5 F2.A3.F4.C5 G2.G3.D4.B4 C3.G3.E4.C5"


def test_the_texture_of_a_piece_is_its_usual_number_of_voices() -> None:
    chorale = Piece("chorale", parse_line(CHORALE), Grid())
    assert Texture.of(chorale).voices == 4
    assert len(Texture.of(chorale).ranges) == 4
    assert Texture.of(Piece("line", parse_line("C4 D4 E4"), Grid())) == Texture(1, (), last=1)
    assert Texture.of(Piece("silence", (parse("R"),), Grid())) == Texture(1, ())


def test_a_line_has_the_chords_that_its_seed_has() -> None:
    assert Texture.of(Piece("stopped", parse_line("C4 D4 E3.G4 F4"), Grid())) == Texture(1, (), 0.25, last=1)


def test_a_piece_has_as_many_notes_at_a_time_as_its_seed_piece_but_for_a_few_chords() -> None:
    two = Piece("two", parse_line("C3.E4 D3.F4 " * 30 + "C3.G3.E4.C5"), Grid())
    assert Texture.of(two) == Texture(2, (), most=2, last=4)
    assert Texture.of(Piece("one in ten", parse_line("C3.E4 D3.F4 " * 4 + "C3.G3.E4"), Grid())).most == 3
    assert Texture.of(Piece("chorale", parse_line(CHORALE), Grid())).most == 4
    assert Texture.of(Piece("line", parse_line("C4 D4 E3.G4 F4"), Grid())).most is None


def test_voices_that_come_and_go_have_no_ranges() -> None:
    three = Piece("sinfonia", parse_line("C3.E4.G4 D3.F4.A4 E3.G4 C3.E4.G4"), Grid())
    assert Texture.of(three) == Texture(3, (), most=3, last=3)
    four = Piece("fugue", parse_line(f"{CHORALE} C3.E4.G4:2"), Grid())
    assert Texture.of(four) == Texture(4, (), most=4, last=3)


def test_the_last_chord_is_the_last_one_in_which_anything_sounds() -> None:
    assert Texture.of(Piece("fades", parse_line("C3.E4 D3.F4 C3.E3.G3.C4:2 R:2"), Grid())).last == 4
