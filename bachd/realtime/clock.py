"""Read the monotonic clock that deadlines are counted in, and sleep until a moment of it.

Law: the only module that sleeps; a sleep ends at its moment or after it (asyncio's, within a nanosecond).
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and waiting for a moment of them."""

    def now(self) -> float:
        """Return the time in seconds; only differences mean anything."""
        ...

    async def sleep_until(self, moment: float) -> None:
        """Let other tasks run until `now()` is `moment` or later; at least once, if it is already past."""
        ...


class MonotonicClock:
    """The machine's own clock, the one ALSA, JACK and `sleep_until` are compared with."""

    def now(self) -> float:
        """Return the seconds of `time.monotonic`."""
        return time.monotonic()

    async def sleep_until(self, moment: float) -> None:
        """Sleep on the event loop; it may wake a millisecond or two late, which the player's lead absorbs."""
        await asyncio.sleep(moment - time.monotonic())


class OfflineClock:
    """A clock that jumps to whatever is waited for, so that music is written as fast as it is composed.

    Right for one sleeper only: the player.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Return the seconds since the run began, as if it had been played."""
        return self._now

    async def sleep_until(self, moment: float) -> None:
        """Move the clock to `moment` at once."""
        self._now = max(self._now, moment)
        await asyncio.sleep(0)


def sleep_until(moment: float) -> None:
    """Block the calling thread until `time.monotonic()` is `moment` or later.

    Python's own sleep waits for an absolute time where the system can (clock_nanosleep), so errors do not add up.
    """
    while (left := moment - time.monotonic()) > 0:
        time.sleep(left)
