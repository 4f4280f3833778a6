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
    assert Texture.of(Piece("line", parse_line("C4 D4 E4"), Grid())) == Texture(1, ())
    assert Texture.of(Piece("silence", (parse("R"),), Grid())) == Texture(1, ())


def test_a_line_has_the_chords_that_its_seed_has() -> None:
    assert Texture.of(Piece("stopped", parse_line("C4 D4 E3.G4 F4"), Grid())) == Texture(1, (), 0.25)
