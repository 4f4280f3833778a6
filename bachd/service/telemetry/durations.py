"""Count how long something took, in the classes of a Prometheus histogram.

Law: weeks of events take as much memory as one.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bachd.service.telemetry.snapshot import ComposingFigures

LIMITS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds; the network takes between one millisecond on a PC and some tens on a small Pi."""


class Durations:
    """A histogram. One thread records, any may read."""

    def __init__(self) -> None:
        self._counts = [0] * (len(LIMITS) + 1)
        self._sum = 0.0

    def record(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(LIMITS, seconds)] += 1
        self._sum += seconds

    def figures(self) -> ComposingFigures:
        """Return all counts since the beginning."""
        *reached, count = accumulate(self._counts)
        return {
            "buckets": [[limit, number] for limit, number in zip(LIMITS, reached, strict=True)],
            "count": count,
            "sum": self._sum,
        }
