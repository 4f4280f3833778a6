"""Map the samples of a sound card to monotonic time, from the moments at which it asks for them.

Law: a sound card that runs faster or slower than the clock, or that has left out samples, is followed within a second;
a thread that is woken late changes nothing.
"""

from __future__ import annotations

import math
from typing import Final

_WINDOW: Final = 0.5
"""Seconds; the earliest moment of the present and the last window counts, for threads are woken late, never early."""


class SampleClock:
    """Knows when each sample is asked for at the earliest."""

    def __init__(self, rate: int) -> None:
        """rate: samples a second."""
        self._rate = rate
        self._opened = -math.inf
        self._before = self._least = math.inf

    def moment(self, sample: int, now: float) -> float:
        """Return the moment of a sample that is asked for now, in monotonic seconds. Samples are counted from 0."""
        offset = now - sample / self._rate
        if now - self._opened > _WINDOW:
            self._before, self._least, self._opened = self._least, math.inf, now
        self._least = min(self._least, offset)
        return min(self._before, self._least) + sample / self._rate
