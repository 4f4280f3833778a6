"""Clocks never wake before their moment, and an offline one does not wait for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from bachd.realtime.clock import Clock, MonotonicClock, OfflineClock, sleep_until


@pytest.mark.parametrize("ahead", [-1.0, 0.0, 0.003])
@pytest.mark.parametrize("clock", [MonotonicClock(), OfflineClock(7.0)])
def test_sleeping_ends_at_or_after_the_moment(clock: Clock, ahead: float) -> None:
    moment = clock.now() + ahead
    asyncio.run(clock.sleep_until(moment))
    assert clock.now() >= moment - 1e-8


def test_a_thread_wakes_at_or_after_the_moment() -> None:
    moment = time.monotonic() + 0.003
    sleep_until(moment)
    assert time.monotonic() >= moment


def test_an_hour_offline_takes_no_time_and_does_not_go_back() -> None:
    clock = OfflineClock()
    asyncio.run(clock.sleep_until(3600.0))
    asyncio.run(clock.sleep_until(5.0))
    assert clock.now() == 3600.0


@pytest.mark.parametrize("clock", [MonotonicClock(), OfflineClock()])
def test_other_tasks_run_while_it_sleeps_even_when_the_moment_is_past(clock: Clock) -> None:
    async def race() -> list[str]:
        order: list[str] = []

        async def other() -> None:
            order.append("other")

        task = asyncio.create_task(other())
        await clock.sleep_until(clock.now() - 1.0)
        order.append("sleeper")
        await task
        return order

    assert asyncio.run(race()) == ["other", "sleeper"]
