"""Measure how late messages left: median, 99th percentile and maximum, from a histogram.

Law: weeks of messages take as much memory as one; any thread may record, any thread may read.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Final

_FLOOR: Final = 1e-6
"""Seconds; whatever is less counts as on time to within the first bucket."""
_STEP: Final = math.log(1.05)
"""Each bucket reaches 5 % further than the one before: the precision of the percentiles."""
_BUCKETS: Final = 400
"""The last one begins at 270 seconds."""
_WIDE: Final = 4
"""Buckets in a class of `spread`: as fine as a picture needs."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Lateness of `count` messages. Percentiles are at most 5 % too high; the maximum is exact."""

    count: int
    p50: float
    """Seconds."""
    p99: float
    """Seconds."""
    max: float
    """Seconds."""

    def __str__(self) -> str:
        return f"p50 {1e3 * self.p50:.2f} ms, p99 {1e3 * self.p99:.2f} ms, max {1e3 * self.max:.2f} ms"


class Lateness:
    """Seconds between the moment a message was due and the moment it left, kept as a histogram."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent = _Histogram()
        self._earlier = _Histogram()

    def record(self, seconds: float) -> None:
        """Count one message. An early one counts as on time."""
        seconds = max(0.0, seconds)
        with self._lock:
            self._recent.add(seconds)

    def take(self) -> Summary:
        """Summarise what was recorded since the last `take`."""
        with self._lock:
            summary = self._recent.summary()
            self._earlier.merge(self._recent)
            self._recent = _Histogram()
        return summary

    def overall(self) -> Summary:
        """Summarise what was recorded since the beginning."""
        return self._everything().summary()

    def spread(self) -> list[list[float]]:
        """Return the histogram since the beginning: upper limits in seconds and counts, in classes 22 % wide."""
        return self._everything().classes()

    def _everything(self) -> _Histogram:
        everything = _Histogram()
        with self._lock:
            everything.merge(self._earlier)
            everything.merge(self._recent)
        return everything


class _Histogram:
    def __init__(self) -> None:
        self._counts = [0] * _BUCKETS
        self._max = 0.0

    def add(self, seconds: float) -> None:
        bucket = 0 if seconds < _FLOOR else min(_BUCKETS - 1, 1 + int(math.log(seconds / _FLOOR) / _STEP))
        self._counts[bucket] += 1
        self._max = max(self._max, seconds)

    def merge(self, other: _Histogram) -> None:
        self._counts = [mine + theirs for mine, theirs in zip(self._counts, other._counts, strict=True)]
        self._max = max(self._max, other._max)

    def summary(self) -> Summary:
        count = sum(self._counts)
        return Summary(count, self._percentile(0.50, count), self._percentile(0.99, count), self._max)

    def classes(self) -> list[list[float]]:
        groups = ((first, sum(self._counts[first : first + _WIDE])) for first in range(0, _BUCKETS, _WIDE))
        return [[_FLOOR * math.exp((first + _WIDE - 1) * _STEP), count] for first, count in groups if count]

    def _percentile(self, share: float, count: int) -> float:
        """The upper edge of the bucket that holds the message at `share` of all, in order of lateness; 0 for none."""
        wanted, seen = math.ceil(share * count), 0
        for bucket, messages in enumerate(self._counts):
            seen += messages
            if messages and seen >= wanted:
                return min(self._max, _FLOOR * math.exp(bucket * _STEP))
        return 0.0
