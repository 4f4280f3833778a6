"""Let the music rest: outside the hours of playing, and when the sleep timer is over.

Law: it pauses on a bar line, and wakes only what it has paused itself; what a person starts or pauses stays so until
the next hour or timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

from bachd.music.event import TICKS
from bachd.realtime.hours import opening
from bachd.realtime.transport import Conductor, Transport
from bachd.service.parts import PartsExchange

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.service.telemetry.run_stats import RunStats

log = logging.getLogger("bachd")

LOOK: Final = 1.0
"""Seconds between two looks at the clock."""
_EARLY: Final = 0.03
"""Seconds before the bar line at which the music is halted, so that nothing of the next bar is heard."""


class Schedule:
    """Pauses and wakes the music. For the event loop."""

    def __init__(
        self,
        exchange: PartsExchange,
        stats: RunStats,
        conductor: Callable[[], Conductor],
        *,
        clock: Callable[[], float] = monotonic,
        wall: Callable[[], datetime] = datetime.now,
    ) -> None:
        """conductor: the present one. clock: monotonic seconds. wall: local time, as a clock on the wall shows it."""
        self._exchange, self._stats, self._conductor = exchange, stats, conductor
        self._clock, self._wall = clock, wall
        self._sleep: float | None = None  # when it falls asleep
        self._why = ""  # it is to pause with the next bar
        self._resting = False
        self._was_open = self._is_open
        if not self._was_open:
            self._pause("these are not the hours of playing")

    async def run(self) -> None:
        """Look at the clock every second, until this is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK)

    def sleep_in(self, minutes: float | None) -> str | None:
        """Pause in so many minutes, with a bar; None: not at all. Returns what is said of it."""
        self._sleep = None if minutes is None else self._clock() + 60 * minutes
        if minutes is None and self._why == _ASLEEP:
            self._why = ""
        self.look()
        if minutes is not None:
            log.info("the music %s", self.line)
        return self.line

    def look(self) -> None:
        """Do what the clock asks for."""
        if self._resting and self._conductor().running:
            self._resting = False  # somebody wants to hear it
        if self._sleep is not None and self._clock() >= self._sleep:
            self._sleep = None
            self._wish_to_pause(_ASLEEP)
        if self._was_open != (is_open := self._is_open):
            self._was_open = is_open
            if is_open:
                self._wake()
            else:
                self._wish_to_pause("the hours of playing are over")
        self._stats.rest = self.line

    def on_step(self, step: Step, due: float, bpm: float) -> None:
        """Pause at the end of a step that was sent and sounds at `due`, if it is the last in its bar, and time to."""
        if self._why and step.reaches_bar:
            ends = due + step.event.ticks * 60 / (bpm * TICKS)
            asyncio.get_running_loop().call_at(ends - _EARLY, self._pause_now)

    @property
    def line(self) -> str | None:
        """What is to be said of it, such as 'pauses at 22:41'; None if that is nothing."""
        if self._resting and not self._is_open:
            return f"rests until {opening(self._exchange.present.config.hours, self._wall().time())}"
        if self._resting:
            return "is asleep; Play wakes it"
        if self._sleep is not None:
            ends = self._wall() + timedelta(seconds=self._sleep - self._clock())
            return f"pauses at {ends:%H:%M}"
        return "pauses with this bar" if self._why else None

    @property
    def _is_open(self) -> bool:
        hours = self._exchange.present.config.hours
        return not hours or any(self._wall().time() in each for each in hours)

    def _wish_to_pause(self, why: str) -> None:
        """Pause with the next bar, or at once if nothing sounds that has one."""
        conductor = self._conductor()
        if not isinstance(conductor, Transport):
            log.warning("%s, but the music follows an external clock, which alone can halt it", why)
        elif conductor.running:
            self._why = why
        elif not conductor.halted:  # a person plays: nothing is to begin afterwards
            self._pause(why)

    def _pause_now(self) -> None:
        if self._why:
            self._pause(self._why)

    def _pause(self, why: str) -> None:
        self._why = ""
        conductor = self._conductor()
        if isinstance(conductor, Transport):
            conductor.halt()
            self._resting = True
            self._stats.rest = self.line
            log.info("%s: the music %s", why, self.line)

    def _wake(self) -> None:
        self._why = ""
        conductor = self._conductor()
        if self._resting and isinstance(conductor, Transport):
            self._resting = False
            conductor.resume()
            log.info("the hours of playing begin")


_ASLEEP: Final = "it is time to sleep"
