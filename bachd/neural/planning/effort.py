"""Choose how many continuations are composed for each that is played.

Law: a fixed number is the same everywhere, and so is the music. What adapts never takes more than its share of the time
that the music lasts, however slow the machine.
"""

from __future__ import annotations

from time import perf_counter
from typing import Final, Protocol

from bachd.music.event import TICKS

MOST: Final = 16
"""Candidates beyond which more gains little; what `auto` takes where there is time for them."""
SHARE: Final = 0.15
"""Share of the time a stretch lasts in which its candidates are composed, at most."""
_GUESS: Final = 1e-3
"""Seconds that composing an event takes, until the first was composed."""
_FAST: Final = 60 / 160 / TICKS
"""Seconds a tick at a fast tempo: what is assumed until it is known how fast the music is played."""
_FASTEST: Final = 60 / 300 / TICKS
_SLOWEST: Final = 60 / 40 / TICKS
_WEIGHT: Final = 0.2
"""Of the latest measurement in a running mean."""


class Effort(Protocol):
    """Decides how many candidates are composed."""

    adapts: bool
    """Whether time decides, so that fewer will do where the player waits."""

    def candidates(self, ticks: int, events: int) -> int:
        """For a stretch that lasts so many ticks and has about so many events; at least 1."""
        ...

    def composed(self, seconds: float) -> None:
        """Take in how long it took to compose an event."""
        ...

    def played(self, ticks: int) -> None:
        """Take in that a step of so many ticks was handed on."""
        ...


class Fixed:
    """Always the same number."""

    adapts = False

    def __init__(self, number: int) -> None:
        """number: at least 1."""
        self._number = number

    def candidates(self, ticks: int, events: int) -> int:
        """See `Effort`."""
        return self._number

    def composed(self, seconds: float) -> None:
        """See `Effort`."""

    def played(self, ticks: int) -> None:
        """See `Effort`."""


class Adaptive:
    """As many as this machine composes in a share of the time, MOST at most. Not for use by several threads at once."""

    adapts = True

    def __init__(self) -> None:
        self._event = _GUESS
        self._tick = _FAST
        self._since: float | None = None
        self._before = 0

    def candidates(self, ticks: int, events: int) -> int:
        """See `Effort`."""
        return max(1, min(MOST, int(SHARE * ticks * self._tick / (events * self._event))))

    def composed(self, seconds: float) -> None:
        """See `Effort`."""
        self._event += _WEIGHT * (seconds - self._event)

    def played(self, ticks: int) -> None:
        """See `Effort`. Several steps that are handed on at once, as at the start, count as played at a fast tempo."""
        now = perf_counter()
        if self._since is not None and self._before:
            tick = min(_SLOWEST, max(_FASTEST, (now - self._since) / self._before))
            self._tick += _WEIGHT * (tick - self._tick)
        self._since, self._before = now, ticks
