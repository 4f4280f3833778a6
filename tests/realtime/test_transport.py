"""Ticks become seconds without drift."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.metre import COMMON_TIME, Grid, Place
from bachd.realtime.transport import Transport

BPM = st.floats(20.0, 300.0)
TICK = st.integers(0, 10**9)


def started(bpm: float, moment: float = 10.0) -> Transport:
    transport = Transport(bpm)
    transport.begin(0, Grid().place(0), moment)
    return transport


def test_a_quarter_at_120_is_half_a_second() -> None:
    assert [started(120).due(tick) for tick in (0, 12, 24, 96)] == [10.0, 10.25, 10.5, 12.0]


def test_a_week_later_it_is_still_exact() -> None:
    ticks = 7 * 24 * 3600 * 84 * 24 // 60
    assert started(84, 0.0).due(ticks) == pytest.approx(7 * 24 * 3600, abs=1e-6)


@given(BPM, TICK)
def test_later_ticks_are_later(bpm: float, tick: int) -> None:
    assert started(bpm).due(tick) < started(bpm).due(tick + 1)


@given(BPM, st.integers(0, 10**6))
def test_a_moment_finds_its_tick_again(bpm: float, tick: int) -> None:
    transport = started(bpm)
    middle = (transport.due(tick) + transport.due(tick + 1)) / 2
    assert transport.tick(middle) == tick


def test_before_the_start_ticks_are_negative() -> None:
    assert started(120).tick(9.99) == -1


@given(BPM, TICK, st.floats(0.0, 100.0))
def test_a_slip_moves_everything_alike(bpm: float, tick: int, seconds: float) -> None:
    transport = started(bpm)
    before = transport.due(tick)
    transport.shift(seconds)
    assert transport.due(tick) == pytest.approx(before + seconds)


@given(BPM, BPM, TICK)
def test_a_change_of_tempo_moves_no_note_that_is_there_already(before: float, after: float, tick: int) -> None:
    transport = started(before)
    moment = transport.due(tick)
    transport.change(tick, after)
    assert transport.due(tick) == pytest.approx(moment, abs=1e-6)
    assert transport.due(tick + 24) - moment == pytest.approx(60 / after, abs=1e-4)


def test_while_it_is_suspended_it_can_be_halted_and_resumed_but_does_not_go() -> None:
    transport = Transport(60)
    transport.suspend(True)
    assert transport.changed.is_set()
    transport.halt()
    transport.resume()
    assert not transport.running
    assert not transport.begin(0, Place(0, 0, COMMON_TIME), 10.0)
    transport.halt()
    transport.suspend(False)
    assert not transport.running
    transport.resume()
    assert transport.running
    assert transport.position(1.0) is None


def test_it_goes_on_at_the_moment_that_it_is_told_to() -> None:
    transport = Transport(60)
    transport.suspend(True)
    transport.suspend(False, until=12.0)
    assert transport.begin(24, Place(0, 0, COMMON_TIME), 10.0)
    assert transport.due(24) == pytest.approx(12.0)
    transport.suspend(True)
    transport.suspend(False)
    assert transport.begin(48, Place(0, 0, COMMON_TIME), 10.0)
    assert transport.due(48) == pytest.approx(10.0)
