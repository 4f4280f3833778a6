"""Find the tempo of taps.

Law: a pause begins anew; one tap that is late changes the tempo only a little.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Final

FASTEST, SLOWEST = 300.0, 20.0
"""Taps a minute; slower ones begin anew."""
_MOST: Final = 8
"""Taps that count."""


class TapTempo:
    """The last taps."""

    def __init__(self) -> None:
        self._taps: list[float] = []

    def tap(self, moment: float) -> float | None:
        """Take in a tap; returns the tempo in taps a minute, from the second one on. moment: in monotonic seconds."""
        if self._taps and not 60 / FASTEST <= moment - self._taps[-1] <= 60 / SLOWEST:
            if moment - self._taps[-1] < 60 / FASTEST:  # a foot that trembles
                return None
            self._taps.clear()
        self._taps = [*self._taps, moment][-_MOST:]
        if len(self._taps) < 2:
            return None
        return 60 / median(after - before for before, after in pairwise(self._taps))
