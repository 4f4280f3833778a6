"""Where phrases are found to end, in a few bars and against the fermatas of Bach's chorales."""

from __future__ import annotations

from itertools import accumulate

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis import fit_resting_points, resting_points

PHRASE = (
    "C3.G3.E4.G4 F3.A3.C4.A4:0.5 ~F3.~A3.D4.~A4:0.5 E3.C4.~D4.G4:0.5 ~E3.B3.E4.~G4:0.5 D3.A3.F4.A4 "
    "G3.B3.D4.B4:0.5 ~G3.~B3.F4.~B4:0.5 C3.G3.E4.C5:3 "
)
"""Eight quarters."""

CHORALES = [f"bwv{number}" for number in (253, 255, 257, 259, 261, 263, 265, 267, 269, 275, 281, 291, 301, 311, 321)]


def ticks(music: str) -> list[int]:
    piece = Piece("some", parse_line(music), Grid())
    onsets = list(accumulate((event.ticks for event in piece.events), initial=0))
    return [point.tick for point in resting_points.find(piece, onsets)]


def test_a_phrase_ends_where_a_cadence_rests() -> None:
    assert ticks(PHRASE * 2) == [5 * 24]  # the last chord of the piece is none


def test_chords_that_go_on_are_no_ends() -> None:
    assert ticks("C3.G3.E4.G4:0.5 F3.A3.C4.A4:0.5 G3.B3.D4.G4:0.5 A3.C4.E4.A4:0.5 " * 4) == []


def test_it_takes_notes_to_end_a_phrase() -> None:
    assert ticks("R:4 R:4") == ticks("C4") == []


def test_what_is_found_is_under_a_fermata_and_fermatas_are_found() -> None:
    pytest.importorskip("music21")
    found = right = there = 0
    for name in CHORALES:
        piece, fermatas = fit_resting_points.read(name)
        onsets = list(accumulate((event.ticks for event in piece.events), initial=0))
        points = {point.tick for point in resting_points.find(piece, onsets)}
        found += len(points)
        right += len(points & fermatas)
        there += len(fermatas)
    assert there > 60
    assert right / found > 0.8
    assert right / there > 0.8
