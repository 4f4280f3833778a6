from __future__ import annotations

import numpy as np

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.event_arrays import Row, of_pieces


def row(*texts: str) -> Row:
    return of_pieces(Piece("piece", parse_line(text), Grid()) for text in texts)


def test_a_row_keeps_what_sounds_what_starts_and_where_pieces_begin() -> None:
    music = row("C4.E4 ~C4.F4:0.5 R", "G4:2")
    assert music.bounds.tolist() == [0, 2, 4, 4, 5]
    assert music.pitches.tolist() == [60, 64, 60, 65, 67]
    assert music.starts.tolist() == [True, True, False, True, True]
    assert music.ticks.tolist() == [24, 12, 24, 48]
    assert music.breaks.tolist() == [True, False, False, True]
    assert music.voices.tolist() == [2, 2, 0, 1]
    assert music.struck(1, 4).tolist() == [65, 67]


def test_a_rest_has_the_top_of_what_sounded_before() -> None:
    assert row("R C4.E4 R R G4").tops.tolist() == [0, 64, 64, 64, 67]


def test_tokens_are_equal_where_what_they_stand_for_is() -> None:
    def same(text: str, kind: str) -> bool:
        first, second = getattr(row(text), kind)()
        return bool(first == second)

    assert same("C4.E4 ~C4.~E4", "chords")
    assert not same("C4.E4 ~C4.~E4", "spellings")
    assert not same("C4.E4 D4.F#4", "chords")
    assert same("C4.E4 D4.F#4:2", "shapes")
    assert not same("C4.E4 D4.F4", "shapes")
    assert not same("C4 R", "shapes")


def test_an_empty_row_has_no_tokens() -> None:
    assert len(row()) == 0
    assert row().chords().dtype == np.uint64
    assert row().tops.tolist() == row().shapes().tolist() == []
