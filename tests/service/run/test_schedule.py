"""Hours of playing and the sleep timer: the music pauses with a bar, and goes on when it is time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bachd import configfile
from bachd.errors import ConfigError
from bachd.midi.fan_out import FanOut
from bachd.realtime.lateness import Lateness
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service.parts import Parts, PartsExchange
from bachd.service.run.schedule import Schedule
from bachd.service.settings.remarks import remarks
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import FakeClock, RecordingOutput, run, scripted, steps

BAR = 2.0
"""Seconds of a bar of four quarters at 120 bpm."""
MUSIC = "C4 D4 E4 F4 " * 200


class Evening:
    """Music, and a clock on the wall that shows `began` when it begins."""

    def __init__(self, hours: str, began: str) -> None:
        self.clock = FakeClock()
        self.output = RecordingOutput(self.clock)
        self.stats = RunStats(Lateness())
        self.transport = Transport(120.0)
        config = configfile.parse(f"hours: {hours}", Path("config.yaml"))
        self.exchange = PartsExchange(Parts(config, 1, None, FanOut(())))  # type: ignore[arg-type]
        self._began = datetime.fromisoformat(began)
        self.ahead = timedelta()
        self.rest = Schedule(self.exchange, self.stats, lambda: self.transport, clock=self.clock.now, wall=self.wall)

    def wall(self) -> datetime:
        return self._began + self.ahead + timedelta(seconds=self.clock.now())

    async def play(self, then: Callable[[Evening], Any]) -> None:
        player = Player(
            self.output,
            self.transport,
            self.clock,
            on_step=lambda step, due, _: self.rest.on_step(step, due, 120.0),
        )
        tasks = [asyncio.ensure_future(each) for each in (player.perform(scripted(steps(MUSIC))), self.rest.run())]
        await then(self)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def struck(self) -> list[float]:
        """When notes began, in seconds."""
        return [timed.due for timed in self.output.messages if timed.message.type == "note_on"]


def played(hours: str, began: str, then: Callable[[Evening], Any]) -> Evening:
    async def main() -> Evening:
        evening = Evening(hours, began)
        await evening.play(then)
        return evening

    return run(main())


def test_the_music_pauses_with_the_bar_when_the_hours_are_over_and_wakes_with_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said: list[str | None] = []

    async def then(evening: Evening) -> None:
        await asyncio.sleep(30)
        said.append(evening.stats.rest)
        evening.ahead += timedelta(hours=9, minutes=59)
        await asyncio.sleep(40)
        said.append(evening.stats.rest)

    with caplog.at_level("INFO"):
        evening = played("['08:00-22:00']", "2026-11-27 21:59:57.5", then)
    early = [moment for moment in evening.struck() if moment < 30]
    assert len(early) % 4 == 0
    assert 2.5 < max(early) < 2.5 + 1 + BAR
    late = [moment for moment in evening.struck() if moment > 30]
    assert min(late) == pytest.approx(62.5, abs=1.6)
    assert said == ["rests until 08:00", None]
    assert any("the hours of playing are over" in line for line in caplog.messages)
    assert any("the hours of playing begin" in line for line in caplog.messages)


def test_the_last_note_lasts_to_the_bar_line_and_none_of_the_next_bar_begins() -> None:
    async def then(evening: Evening) -> None:
        evening.rest.sleep_in(3 / 60)
        await asyncio.sleep(20)

    evening = played("null", "2026-11-27 12:00", then)
    first, last = min(evening.struck()), max(evening.struck())
    bars = (last + BAR / 4 - first) / BAR
    assert bars == pytest.approx(round(bars), abs=0.01)
    ends = [timed.due for timed in evening.output.messages if timed.message.type == "note_off"]
    assert max(ends) == pytest.approx(last + BAR / 4, abs=0.05)
    assert len(ends) == len(evening.struck())


def test_outside_the_hours_not_a_note_is_heard_before_they_begin() -> None:
    async def then(evening: Evening) -> None:
        await asyncio.sleep(50)
        assert evening.struck() == []
        await asyncio.sleep(20)
        assert evening.struck() != []

    played("['08:00-22:00']", "2026-11-27 07:59", then)


def test_who_presses_play_at_night_hears_music_until_the_next_end() -> None:
    async def then(evening: Evening) -> None:
        await asyncio.sleep(5)
        evening.transport.resume()
        await asyncio.sleep(60)
        assert len(evening.struck()) > 100
        assert evening.stats.rest is None

    played("['08:00-22:00']", "2026-11-27 23:00", then)


def test_what_a_person_has_paused_stays_paused_in_the_morning() -> None:
    async def then(evening: Evening) -> None:
        await asyncio.sleep(5)
        evening.transport.halt()
        heard = len(evening.struck())
        evening.ahead += timedelta(hours=2)
        await asyncio.sleep(5)
        evening.ahead += timedelta(hours=10)
        await asyncio.sleep(5)
        assert len(evening.struck()) == heard

    played("['08:00-22:00']", "2026-11-27 21:00", then)


@pytest.mark.parametrize("minutes", [0.2, 1])
def test_the_sleep_timer_is_said_and_can_be_taken_back(minutes: float) -> None:
    async def then(evening: Evening) -> None:
        assert evening.rest.sleep_in(minutes) == f"pauses at {evening.wall() + timedelta(minutes=minutes):%H:%M}"
        await asyncio.sleep(5)
        assert evening.rest.sleep_in(None) is None
        await asyncio.sleep(100)
        assert evening.transport.running
        evening.rest.sleep_in(minutes)
        await asyncio.sleep(60 * minutes + 4)
        assert evening.stats.rest == "is asleep; Play wakes it"
        assert not evening.transport.running

    played("null", "2026-11-27 12:00", then)


def test_the_clock_on_the_wall_counts_when_summer_time_begins_and_ends() -> None:
    """The wall jumps from 2:00 to 3:00 in spring, and from 3:00 back to 2:00 in autumn."""

    async def spring(evening: Evening) -> None:
        await asyncio.sleep(5)
        assert not evening.transport.running
        evening.ahead += timedelta(hours=1)
        await asyncio.sleep(5)
        assert evening.transport.running

    async def autumn(evening: Evening) -> None:
        await asyncio.sleep(5)
        assert evening.transport.running
        evening.ahead -= timedelta(hours=1)
        await asyncio.sleep(10)
        assert not evening.transport.running

    played("['02:30-22:00']", "2026-03-29 01:59", spring)
    played("['02:30-22:00']", "2026-10-25 02:59", autumn)


def test_hours_that_are_wrong_are_said_with_their_line_and_those_of_no_use_are_remarked() -> None:
    with pytest.raises(ConfigError, match=r"config.yaml:1: hours: '8-22' are no hours; write them as '08:00-22:00'"):
        configfile.parse("hours: 8-22", Path("config.yaml"))
    config = configfile.parse("hours: 08:00-22:00\ntempo: clock\n", Path("config.yaml"))
    assert any("hours: mean nothing" in line for line in remarks(config))
