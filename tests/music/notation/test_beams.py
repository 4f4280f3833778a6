from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.metre import Metre
from bachd.music.notation.beams import beams, group

LEVELS = {12: 1, 6: 2, 3: 3, 24: 0}


def written(ticks: list[int], span: int = 24, start: int = 0) -> list[tuple[str, ...]]:
    """The marks of notes that follow each other."""
    starts = list(accumulate(ticks, initial=start))[:-1]
    return list(beams([LEVELS[each] for each in ticks], starts, span))


@pytest.mark.parametrize(
    ("ticks", "marks"),
    [
        ([12, 12], [("begin",), ("end",)]),
        ([12, 6, 6], [("begin",), ("continue", "begin"), ("end", "end")]),
        ([6, 12, 6], [("begin", "forward hook"), ("continue",), ("end", "backward hook")]),
        ([24, 12, 12], [(), ("begin",), ("end",)]),
        ([12, 24, 12], [(), (), ()]),
        ([12, 12, 12, 12], [("begin",), ("end",), ("begin",), ("end",)]),
    ],
)
def test_the_notes_of_a_beat_are_joined(ticks: list[int], marks: list[tuple[str, ...]]) -> None:
    assert written(ticks) == marks


def test_three_units_make_a_beat_in_compound_time_and_in_three_eight() -> None:
    three = [("begin",), ("continue",), ("end",)]
    assert written([12, 12, 12, 12, 12, 12], group(Metre(12, 8))) == three + three
    assert written([12, 12, 12], group(Metre(3, 8))) == three
    assert group(Metre(3, 2)) == group(Metre(4, 4)) == 24


def test_a_rest_ends_a_beam() -> None:
    assert beams([2, 0, 2, 2], [0, 6, 12, 18], 24) == [(), (), ("begin", "begin"), ("end", "end")]


@given(st.lists(st.sampled_from(sorted(LEVELS)), max_size=20), st.integers(0, 3))
def test_every_beam_that_begins_ends_and_none_reaches_over_a_beat(ticks: list[int], start: int) -> None:
    marks = written(ticks, start=6 * start)
    starts = list(accumulate(ticks, initial=6 * start))
    for level in range(3):
        begun: int | None = None
        for place, row in enumerate(marks):
            mark = row[level] if level < len(row) else None
            if mark == "begin":
                assert begun is None
                begun = starts[place] // 24
            elif mark in ("continue", "end"):
                assert begun == starts[place] // 24
                begun = None if mark == "end" else begun
        assert begun is None
