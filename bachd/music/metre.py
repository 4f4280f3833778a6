"""Convert ticks to bars and beats.

Law: positions are integers in ticks from the start of the piece; a change of metre begins a new bar.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bachd.music.event import TICKS

_UNITS: Final = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Metre:
    """A time signature. Raises ValueError for one that a .mid file cannot hold or whose units are no whole ticks."""

    beats: int
    """The upper number, 1 to 255."""
    unit: int
    """The lower number: 4 for quarters, 8 for eighths; a power of two, 1 to 32."""

    def __post_init__(self) -> None:
        if not 1 <= self.beats <= 255 or self.unit not in _UNITS:
            raise ValueError(f"{self.beats}/{self.unit} is not a time signature: 1 to 255 over 1, 2, 4, 8, 16 or 32")

    @property
    def bar(self) -> int:
        """Length of a bar in ticks."""
        return self.beats * (TICKS * 4) // self.unit

    @property
    def beat(self) -> int:
        """Length of a felt beat in ticks: three units in compound time (6/8, 9/8, 12/8), one otherwise."""
        return (3 if self.compound else 1) * (TICKS * 4) // self.unit

    @property
    def compound(self) -> bool:
        """Whether a felt beat has three units."""
        return self.unit >= 8 and self.beats > 3 and self.beats % 3 == 0

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


COMMON_TIME = Metre(4, 4)


@dataclass(frozen=True, slots=True)
class Place:
    """A moment in a piece, as a musician counts it."""

    bar: int
    """Bars since the start, counted from 0; an upbeat is bar 0."""
    phase: int
    """Ticks since the bar line; in an upbeat, as if its bar were whole."""
    metre: Metre


@dataclass(frozen=True)
class Grid:
    """The bar lines of a piece; the last metre goes on for ever."""

    changes: tuple[tuple[int, Metre], ...] = ((0, COMMON_TIME),)
    """Ticks at which a metre begins, ascending from 0, with the metre."""
    upbeat: int = 0
    """Ticks before the first full bar; less than a bar."""

    def __post_init__(self) -> None:
        ticks = [tick for tick, _ in self.changes]
        if not ticks or ticks[0] != 0 or ticks != sorted(set(ticks)):
            raise ValueError("metre changes must ascend from tick 0")
        if not 0 <= self.upbeat < self.changes[0][1].bar:
            raise ValueError("an upbeat is shorter than its bar")

    @cached_property
    def _starts(self) -> tuple[tuple[int, int], ...]:
        """For each change, the tick of a bar line at or before it, and that bar's number."""
        found: list[tuple[int, int]] = []
        for index, (tick, metre) in enumerate(self.changes):
            if index == 0:
                found.append((self.upbeat - metre.bar if self.upbeat else 0, 0))
            else:
                line, bar = found[-1]
                length = self.changes[index - 1][1].bar
                found.append((tick, bar + -(-(tick - line) // length)))
        return tuple(found)

    def place(self, tick: int) -> Place:
        """The bar, the phase and the metre at `tick` (0 or later)."""
        index = bisect_right(self.changes, tick, key=lambda change: change[0]) - 1
        line, bar = self._starts[index]
        metre = self.changes[index][1]
        bars, phase = divmod(tick - line, metre.bar)
        return Place(bar + bars, phase, metre)

    def bar_tick(self, bar: int) -> int:
        """The tick at which bar number `bar` (0 or later) begins; 0 for an upbeat's bar."""
        index = bisect_right(self._starts, bar, key=lambda start: start[1]) - 1
        line, first = self._starts[index]
        return max(0, line + (bar - first) * self.changes[index][1].bar)
