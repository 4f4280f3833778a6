"""Places in bars, against counting tick by tick."""

from __future__ import annotations

import pytest
from hypothesis import given

from bachd.music.metre import Grid, Metre, Place
from tests.music.strategies import grids

WALTZ = Metre(3, 4)


def counted(grid: Grid, ticks: int) -> list[Place]:
    """The places of the first ticks, found by counting."""
    starts = dict(grid.changes)
    metre = grid.changes[0][1]
    phase = metre.bar - grid.upbeat if grid.upbeat else 0
    bar, places = 0, []
    for tick in range(ticks):
        if (tick in starts and tick) or phase == metre.bar:
            bar, phase, metre = bar + 1, 0, starts.get(tick, metre)
        places.append(Place(bar, phase, metre))
        phase += 1
    return places


@given(grids())
def test_places_are_those_that_counting_finds(grid: Grid) -> None:
    ticks = grid.changes[-1][0] + 100
    assert [grid.place(tick) for tick in range(ticks)] == counted(grid, ticks)


@given(grids())
def test_a_bar_begins_where_its_first_tick_is(grid: Grid) -> None:
    places = counted(grid, grid.changes[-1][0] + 100)
    for bar in range(places[-1].bar + 1):
        assert grid.bar_tick(bar) == next(tick for tick, place in enumerate(places) if place.bar == bar)


def test_an_upbeat_is_bar_0_and_its_phase_that_of_a_whole_bar() -> None:
    grid = Grid(((0, WALTZ),), upbeat=24)
    assert grid.place(0) == Place(0, 48, WALTZ)
    assert grid.place(24) == Place(1, 0, WALTZ)
    assert [grid.bar_tick(bar) for bar in range(4)] == [0, 24, 96, 168]


def test_a_change_of_metre_begins_a_bar_even_where_the_old_one_is_not_over() -> None:
    grid = Grid(((0, Metre(4, 4)), (120, WALTZ)))
    assert grid.place(119) == Place(1, 23, Metre(4, 4))
    assert grid.place(120) == Place(2, 0, WALTZ)
    assert grid.bar_tick(3) == 192


@pytest.mark.parametrize(
    ("metre", "bar", "beat"),
    [
        (Metre(4, 4), 96, 24),
        (Metre(2, 2), 96, 48),
        (Metre(3, 8), 36, 12),
        (Metre(6, 8), 72, 36),
        (Metre(9, 16), 54, 18),
        (Metre(12, 8), 144, 36),
        (Metre(6, 4), 144, 24),
        (Metre(1, 32), 3, 3),
    ],
    ids=str,
)
def test_bars_and_beats_have_their_ticks(metre: Metre, bar: int, beat: int) -> None:
    assert (metre.bar, metre.beat) == (bar, beat)


@pytest.mark.parametrize(("beats", "unit"), [(0, 4), (256, 4), (-1, 4), (4, 0), (4, 3), (4, 64), (4, -4)])
def test_a_time_signature_that_cannot_be_written_or_counted_is_refused(beats: int, unit: int) -> None:
    with pytest.raises(ValueError, match=f"^{beats}/{unit} is not a time signature"):
        Metre(beats, unit)


@pytest.mark.parametrize(
    ("changes", "upbeat"),
    [
        ((), 0),
        (((1, WALTZ),), 0),
        (((0, WALTZ), (0, WALTZ)), 0),
        (((0, WALTZ), (96, WALTZ), (48, WALTZ)), 0),
        (((0, WALTZ),), 72),
        (((0, WALTZ),), -1),
    ],
)
def test_a_grid_without_order_is_refused(changes: tuple[tuple[int, Metre], ...], upbeat: int) -> None:
    with pytest.raises(ValueError, match=r"must ascend from tick 0|shorter than its bar"):
        Grid(changes, upbeat)
