"""Pieces know where their events are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line, print_line
from bachd.music.metre import COMMON_TIME, Grid, Metre, Place
from bachd.music.piece import Origin, Piece, Step
from tests.music.strategies import pieces

WALTZ = Metre(3, 4)
PIECE = Piece("waltz", parse_line("G3 C4:2 E4:2 ~E4.G4 R C4:3"), Grid(((0, WALTZ),), upbeat=24))


def test_each_event_has_its_place() -> None:
    assert [place for _, place in PIECE.placed()] == [
        Place(0, 48, WALTZ),
        Place(1, 0, WALTZ),
        Place(1, 48, WALTZ),
        Place(2, 24, WALTZ),
        Place(2, 48, WALTZ),
        Place(3, 0, WALTZ),
    ]
    assert PIECE.ticks == 240


@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        (0, "G3"),
        (1, "G3 C4:2 E4"),  # the E4 is cut at the bar line
        (2, "G3 C4:2 E4:2 ~E4.G4 R"),
        (3, "G3 C4:2 E4:2 ~E4.G4 R C4:3"),
        (99, "G3 C4:2 E4:2 ~E4.G4 R C4:3"),
    ],
)
def test_the_first_bars_come_with_the_upbeat(bars: int, expected: str) -> None:
    assert print_line(PIECE.first_bars(bars)) == expected


@given(pieces(), st.integers(0, 20))
def test_the_first_bars_end_on_a_bar_line_or_with_the_piece(piece: Piece, bars: int) -> None:
    taken = piece.first_bars(bars)
    ticks = sum(event.ticks for event in taken)
    full = bars + (1 if piece.grid.upbeat else 0)
    assert ticks == piece.ticks or piece.grid.place(ticks) == Place(full, 0, piece.grid.place(ticks).metre)
    assert taken[:-1] == piece.events[: len(taken)][:-1]


@pytest.mark.parametrize(
    ("phase", "ticks", "reaches"), [(0, 95, False), (0, 96, True), (72, 24, True), (48, 192, True)]
)
def test_a_step_reaches_a_bar_line_at_its_end_or_before(phase: int, ticks: int, reaches: bool) -> None:
    step = Step(Event((60,), (), ticks), Place(3, phase, COMMON_TIME), Origin.MODEL, "a piece")
    assert step.reaches_bar is reaches
