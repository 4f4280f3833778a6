"""Music slows down into its endings, as runners stop, and goes on at its tempo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import TICKS, print_line
from bachd.music.metre import Grid, Metre
from bachd.music.performance.ritardando import FINAL, INNER, SIGHT, pace
from bachd.music.piece import Origin, Step
from tests.fakes import steps

QUARTERS = "C4 D4 E4 D4 " * 3
BREATH = replace(steps("R:4")[0], origin=Origin.BREATH)


def paces(music: Sequence[Step], amount: float = 1.0) -> list[float]:
    """The pace of each step when all is known."""
    return [
        pace(music[index - 1] if index else None, step, music[index + 1 :], amount) for index, step in enumerate(music)
    ]


def lasts(music: Sequence[Step], amount: float = 1.0) -> float:
    """Quarter notes at full tempo that would take as long."""
    return sum(step.event.ticks / TICKS / pace for step, pace in zip(music, paces(music, amount), strict=True))


def test_a_piece_slows_down_over_its_last_bar_as_runners_stop() -> None:
    music = [*steps(QUARTERS + "G3.C4:4"), BREATH, *steps("E4:4")]
    found = paces(music)
    assert found[:8] == [1.0] * 8
    assert found[12:] == [pytest.approx(1 - FINAL), 1.0, 1.0]
    slowing = found[8:13]
    assert all(first > second for first, second in pairwise(slowing))
    drops = [first - second for first, second in pairwise([1.0, *slowing[:-1]])]
    assert drops == sorted(drops)  # ever faster: the curve is a cube root
    # The pace in the middle of each quarter note is close to the curve's own.
    curve = [(1 + ((1 - FINAL) ** 3 - 1) * x) ** (1 / 3) for x in (0.125, 0.375, 0.625)]
    assert slowing[:3] == pytest.approx(curve, rel=0.01)


@given(st.lists(st.sampled_from([3, 6, 8, 12, 18, 24, 36, 48]), min_size=1, max_size=20))
def test_a_ritardando_takes_as_long_however_the_notes_divide_it(lengths: list[int]) -> None:
    def music(lengths: Sequence[int]) -> list[Step]:
        line = " ".join(f"{'CDEF'[index % 4]}4:{ticks}/24" for index, ticks in enumerate(lengths))
        return [*steps(f"C4:4 D4:4 {line} R:0.5 C4:2"), BREATH]

    taken, total = [], 0
    for length in lengths:
        taken.append(length)
        if (total := total + length) >= 96:
            break
    taken.append(192 - sum(taken))  # two bars in all
    assert lasts(music(taken)) == pytest.approx(lasts(music([192])))


@pytest.mark.parametrize(
    ("metre", "bars"), [(Metre(4, 4), 1), (Metre(3, 4), 1), (Metre(2, 4), 2), (Metre(3, 8), 2), (Metre(12, 8), 1)]
)
def test_it_takes_a_bar_or_more_where_bars_are_short(metre: Metre, bars: int) -> None:
    line = " ".join(f"{'CDEF'[index % 4]}4:0.5" for index in range(10 * metre.bar // 12))
    found = paces([*steps(line + " C4:2", Grid(((0, metre),))), BREATH])
    slowed = sum(pace < 1 for pace in found[:-2])
    assert 12 * slowed == bars * metre.bar


def test_a_piece_may_open_without_a_breath_before_it() -> None:
    assert paces([*steps(QUARTERS + "C4:4"), *steps("E4:4")])[12] == pytest.approx(1 - FINAL)


def test_silence_at_the_end_is_no_ending() -> None:
    found = paces([*steps(QUARTERS + "C4:2 R:2"), BREATH])
    assert found[12:] == [pytest.approx(1 - FINAL), 1.0, 1.0]


def test_a_phrase_slows_down_a_little_and_a_tempo_follows() -> None:
    music = steps(QUARTERS + "F2.A3.C4.F4 G2.G3.D4.B4 C3.G3.E4.C5:2 C3.A3.F4.C5 C3.A3.F4.D5 C3.A3.F4.C5:2 E4")
    found = paces(music)
    assert print_line(step.event for step, pace in zip(music, found, strict=True) if pace < 1) == (
        "F2.A3.C4.F4 G2.G3.D4.B4 C3.G3.E4.C5:2"
    )
    assert found[14] == pytest.approx(1 - INNER)
    assert 1 > found[12] > found[13] > found[14]


def test_the_end_of_a_piece_goes_before_the_end_of_a_phrase() -> None:
    music = [*steps(QUARTERS + "C3.G3.E4.C5:2 D3.A3.F4.D5 G2.G3.D4.B4 C3.G3.E4.C5:2"), BREATH]
    assert paces(music)[15] == pytest.approx(1 - FINAL)
    assert 1 - FINAL < paces(music)[14] < 1 - INNER


def test_nothing_slows_down_at_the_beginning_nor_if_it_shall_not() -> None:
    assert paces([*steps("C4 " * 8), BREATH]) == [1.0] * 9
    assert paces([*steps(QUARTERS + "C4:4"), BREATH], amount=0.0) == [1.0] * 14


def test_half_the_amount_loses_half_of_the_pace() -> None:
    assert paces([*steps(QUARTERS + "C4:4"), BREATH], amount=0.5)[12] == pytest.approx(1 - FINAL / 2)


@given(st.lists(st.sampled_from(["C4", "D4:0.5", "E4:2", "C3.G3.E4.C5", "R", "F2.A3.C4.F4:2"]), min_size=1))
def test_what_is_further_than_one_can_see_changes_nothing(line: list[str]) -> None:
    music = [*steps(" ".join([*line, QUARTERS, QUARTERS, "C4:4"])), BREATH]
    for index, step in enumerate(music):
        seen, ticks = [], 0
        for each in music[index + 1 :]:
            if ticks >= SIGHT:
                break
            seen.append(each)
            ticks += each.event.ticks
        before = music[index - 1] if index else None
        assert pace(before, step, seen, 1.0) == pace(before, step, music[index + 1 :], 1.0) <= 1.0


def test_what_is_not_known_yet_is_no_ending() -> None:
    music = steps(QUARTERS + "C3.G3.E4.C5:2")
    assert paces(music) == [1.0] * 13
