from __future__ import annotations

import pytest

from bachd.music.event import TICKS, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis import rhythm
from bachd.training.evaluate.analysis.passage import Passage, passages


def passage(music: str, start: int = 0) -> Passage:
    return Passage(Piece("some", parse_line(music), Grid()), start * TICKS, "some", 0)


def test_lengths_are_from_note_to_note_of_the_line() -> None:
    found = passage("C4:0.5 D4:0.5 E4 R E4.C3 ~E4.D3 F4:2")
    counts = rhythm.lengths(found, found.top)
    assert counts == {12: 2, 48: 3}
    assert rhythm.commonest(counts) == 3 / 5
    assert rhythm.entropy(counts) == pytest.approx(0.971, abs=1e-3)


def test_a_bar_repeats_the_rhythm_of_one_of_the_four_before() -> None:
    even, dotted = "C4 D4 E4 F4 ", "C4:1.5 D4:0.5 E4 F4 "
    assert rhythm.repeated_bars(passage(even + dotted + even + dotted)) == (2, 4)
    assert rhythm.repeated_bars(passage(even + (dotted + "R:4 ") + dotted + "E4:4 " * 3 + even))[0] == 3
    assert rhythm.repeated_bars(passage(even + dotted + even, start=8)) == (1, 1)


def test_the_music_stops_where_nothing_starts_for_long() -> None:
    assert rhythm.long_stops(passage("C4:0.5 " * 8 + "D4:2 " + "C4:0.5 " * 8)) == 1
    assert rhythm.long_stops(passage("C4:0.5 " * 8 + "D4:0.5 R:1.5 " + "C4:0.5 " * 8)) == 1
    assert rhythm.long_stops(passage("C4:0.5 " * 8 + "D4:4")) == 0  # the end
    assert rhythm.long_stops(passage("C4 D4 E4 F4")) == 0


def test_bach_is_counted_from_the_fifth_full_bar() -> None:
    events = parse_line("G4 " + "C4:3 D4:1 " * 6)
    found = passages([Piece("upbeat", events, Grid(upbeat=TICKS)), Piece("short", parse_line("C4:4 " * 4), Grid())])
    assert [(each.source, each.start, each.first) for each in found] == [("upbeat", 17 * TICKS, 9)]
    held = passages([Piece("held", parse_line("C4:12 E4:12"), Grid())])[0]
    assert held.piece.events == parse_line("C4:12 E4:4 ~E4:8")
    assert held.counted(held.top) == 0
