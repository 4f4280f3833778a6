"""Clocks with jitter, gaps and changes of tempo, against the grid that their master had in mind."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.sync.tempo_tracker import LOST, TempoTracker

AHEAD = 0.06
"""Seconds between the handing over of a note and its sound."""


def grid(*stretches: tuple[float, int], start: float = 10.0) -> list[float]:
    """The moments of clocks: so many at each tempo."""
    moments = [start]
    for bpm, clocks in stretches:
        moments += [moments[-1] + (clock + 1) * 2.5 / bpm for clock in range(clocks)]
    return moments


def errors(moments: list[float], jitter: float, rng: int = 7) -> list[float]:
    """Seconds by which each clock is expected wrongly, `AHEAD` of it."""
    follower, random, found = TempoTracker(), Random(rng), []
    asked = 0
    for clock, moment in enumerate(moments):
        while asked < len(moments) and moments[asked] - AHEAD <= moment:
            if asked > clock:
                found.append(abs(follower.moment(asked) - moments[asked]))
            asked += 1
        follower.clock(moment + random.uniform(-jitter, jitter))
    return found


def test_a_steady_clock_with_a_millisecond_of_jitter_is_known_to_half_of_that() -> None:
    found = sorted(errors(grid((120, 2000)), 0.001)[24:])
    assert found[len(found) * 99 // 100] < 0.0006


@pytest.mark.parametrize(("before", "after"), [(60, 180), (180, 60), (120, 90), (90, 300), (300, 20)])
def test_another_tempo_is_known_within_a_beat(before: float, after: float) -> None:
    moments = grid((before, 96), (after, 48))
    follower, random = TempoTracker(), Random(3)
    for clock, moment in enumerate(moments):
        follower.clock(moment + random.uniform(-0.001, 0.001))
        if clock >= 96 + 24:
            assert follower.bpm == pytest.approx(after, rel=0.01)
            assert follower.moment(clock + AHEAD * after / 2.5) == pytest.approx(moment + AHEAD, abs=0.002)


@pytest.mark.parametrize("widest", [0.04, 1.0])
def test_after_a_beat_at_another_tempo_no_clock_is_expected_two_milliseconds_wrong(widest: float) -> None:
    random, bpms = Random(1), [120.0]
    while len(bpms) < 120:
        after = bpms[-1] * (1 + random.uniform(-widest, widest))
        bpms += [after] if 60 <= after <= 180 else []
    found = errors(grid(*((bpm, 96) for bpm in bpms)), 0.001)
    assert len(found) == 96 * len(bpms)
    assert max(error for place, error in enumerate(found) if place % 96 >= 24) < 0.002


def test_a_small_change_is_followed_before_it_is_heard() -> None:
    assert max(errors(grid((120, 240), (122, 240), (118, 240)), 0.0005)[24:]) < 0.007


def test_a_clock_that_was_held_up_changes_nothing() -> None:
    moments = grid((120, 96))
    follower = TempoTracker()
    for clock, moment in enumerate(moments):
        follower.clock(moment + (0.03 if clock in (60, 61) else 0.0))
    assert follower.moment(120) == pytest.approx(moments[96] + 24 * 2.5 / 120, abs=0.001)


def test_a_clock_that_comes_back_is_joined_in_phase_and_glided_to() -> None:
    moments = grid((120, 96))
    follower = TempoTracker()
    for moment in moments:
        follower.clock(moment)
    tick = 2.5 / 120
    expected = follower.moment(96 + 48)
    follower.clock(moments[-1] + 48.3 * tick)
    assert follower.count == 96 + 48
    assert follower.moment(96 + 48) == pytest.approx(expected), "no jump"
    for clock in range(1, 25):
        follower.clock(moments[-1] + (48.3 + clock) * tick)
    beats = [follower.moment(number + 1) - follower.moment(number) for number in range(144, 168)]
    assert beats == pytest.approx([tick * (1 + 0.3 / 24)] * 24), "a hundredth slower for a beat"
    assert follower.moment(168) == pytest.approx(moments[-1] + 72.3 * tick), "and there it is"


@pytest.mark.parametrize(("bpm", "right"), [(10, False), (400, False), (20, True), (300, True)])
def test_a_tempo_that_cannot_be_followed_is_not(bpm: float, right: bool) -> None:
    follower = TempoTracker()
    for moment in grid((120, 96), (bpm, 60)):
        follower.clock(moment)
    assert (follower.out_of_range is None) is right
    assert follower.bpm == pytest.approx(bpm if right else 120, rel=0.01)
    if not right:
        assert follower.out_of_range == pytest.approx(bpm)
        last = follower.last or 0.0
        for moment in grid((100, 48), start=last + 0.025):
            follower.clock(moment)
        assert follower.out_of_range is None
        assert follower.bpm == pytest.approx(100, rel=0.01)


def test_two_masters_on_one_port_are_noticed() -> None:
    follower = TempoTracker()
    for moment in sorted(grid((60, 96)) + grid((60, 96), start=10.005)):
        follower.clock(moment)
    assert follower.unsteady


@given(
    st.lists(st.tuples(st.floats(8, 500), st.integers(1, 60)), min_size=1, max_size=5),
    st.lists(st.integers(0, 300), max_size=60),
    st.integers(0, 1000),
)
def test_whatever_comes_time_goes_forward_at_a_tempo_that_can_be_played(
    stretches: list[tuple[float, int]], missing: list[int], rng: int
) -> None:
    follower, random = TempoTracker(), Random(rng)
    for clock, moment in enumerate(grid(*stretches)):
        if clock not in missing:
            follower.clock(moment + random.uniform(-0.002, 0.002))
            assert 19 < follower.bpm < 310
            assert follower.moment(follower.count + 1) > follower.moment(follower.count)


def test_it_is_lost_after_a_while() -> None:
    follower = TempoTracker()
    assert follower.is_lost(0.0)
    follower.clock(10.0)
    assert [follower.is_lost(10.0 + after) for after in (LOST / 2, LOST * 1.1)] == [False, True]
