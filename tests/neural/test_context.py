from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse, parse_line
from bachd.music.metre import Grid, Metre
from bachd.neural import features
from bachd.neural.context import Context

GRID = Grid(((0, Metre(3, 4)),), upbeat=24)


def set_columns(context: Context, row: int) -> list[int]:
    return [int(column) for column in np.flatnonzero(context.window[0, 0, row] == 1)]


def heard(events: list[Event]) -> Context:
    context = Context(0, 1)
    context.reset(GRID.place(0))
    tick = 0
    for event in events:
        tick += event.ticks
        context.push(event, GRID.place(tick))
    return context


def test_a_young_piece_is_preceded_by_its_start_and_by_padding() -> None:
    context = heard([parse("C4.E4")])
    assert set_columns(context, -1) == sorted(features.columns(parse("C4.E4"), (), GRID.place(24)))
    assert set_columns(context, -2) == sorted(features.before_start(GRID.place(0)))
    assert all(set_columns(context, row) == list(features.PADDING) for row in range(features.CONTEXT - 2))


def test_a_new_piece_forgets_the_old_one() -> None:
    context = heard(list(parse_line("C4 D4 E4") * 20))
    context.reset(GRID.place(0))
    assert np.array_equal(context.window, heard([]).window)


def test_zero_and_one_are_what_the_graph_takes_them_for() -> None:
    context = Context(-128, 127)
    context.reset(GRID.place(0))
    context.push(parse("C4"), GRID.place(24))
    assert set(np.unique(context.window)) == {-128, 127}
    assert np.array_equal(context.window == 127, heard([parse("C4")]).window == 1)


@given(st.lists(st.sampled_from(parse_line("C4 ~C4:2 D4.E4:0.5 R:3")), max_size=100))
def test_the_window_always_holds_the_last_forty_rows(events: list[Event]) -> None:
    context = heard(events)
    ticks = [sum(event.ticks for event in events[: index + 1]) for index in range(len(events))]
    before = [(), *(event.sounding for event in events)]
    rows = [
        features.columns(event, sounded, GRID.place(tick))
        for event, sounded, tick in zip(events, before, ticks, strict=False)
    ]
    rows = [[*features.PADDING]] * features.CONTEXT + [features.before_start(GRID.place(0))] + rows
    for row, columns in enumerate(rows[-features.CONTEXT :]):
        assert set_columns(context, row) == sorted(columns)
