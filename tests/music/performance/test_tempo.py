from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid, Metre
from bachd.music.performance import tempo
from bachd.music.piece import Piece


@pytest.mark.parametrize(
    ("name", "metre", "bpm"),
    [
        ("bwv269", Metre(4, 4), 84),
        ("bwv123.6", Metre(3, 2), 126),
        ("bwv1007-gigue", Metre(6, 8), 138),
        ("partitas/bwv825-giga", Metre(4, 4), 92),
        ("bwv1008-sarabande", Metre(3, 4), 60),
        ("bwv1010-bourree-1", Metre(2, 2), 144),
        ("bwv777", Metre(9, 8), 94.5),
    ],
)
def test_a_kind_of_piece_has_its_tempo(name: str, metre: Metre, bpm: float) -> None:
    assert tempo.usual(name, metre) == bpm


def test_what_the_file_says_goes_first() -> None:
    piece = Piece("bwv1007-gigue", parse_line("C4"), Grid(((0, Metre(6, 8)),)), 70.0)
    assert tempo.of(piece) == 70
