"""Detect music that freezes or loops.

Law: what such a fault is stands here and nowhere else; the composer avoids it, tests and evaluations look for it.

Frozen is a stretch in which the same pitches sound, struck again or not, for more than FROZEN_BARS bars; silence, too.
Periodic is a stretch of more than LONGEST_LOOP events, and of two full periods at least, in which each event equals the
one a period before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bachd.music.event import Event
from bachd.music.metre import Metre, Place

FROZEN_BARS: Final = 2
"""Bars for which the same pitches may sound."""
LONGEST_LOOP: Final = 64
"""Events that a periodic stretch may have, and the longest period looked for."""

_ROUNDING: Final = 1e-6
"""Bars; far less than a tick."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some events in a row."""

    first: int
    """Index of its first event."""
    count: int
    """How many events it has."""


def frozen(music: Iterable[tuple[Event, Place]]) -> list[Stretch]:
    """All frozen stretches of some events, each given with the place of its onset, in order."""
    found = []
    stillness = FreezeDetector()
    first = index = 0
    for index, (event, place) in enumerate(music):
        if event.sounding != stillness.sounding:
            if stillness.frozen:
                found.append(Stretch(first, index - first))
            first = index
        stillness.add(event, place.metre)
    if stillness.frozen:
        found.append(Stretch(first, index + 1 - first))
    return found


def periodic(events: Sequence[Hashable]) -> dict[int, list[Stretch]]:
    """All periodic stretches, in order, by their period in events; each stretch under the shortest period it has.

    events: the events, or something for each that is equal where they are.
    """
    numbers: dict[Hashable, int] = {}
    row = [numbers.setdefault(event, len(numbers)) for event in events]
    found: dict[int, list[Stretch]] = {}
    known: list[Stretch] = []
    for period in range(1, LONGEST_LOOP + 1):
        run = 0
        for index in range(period, len(row) + 1):
            if index < len(row) and row[index] == row[index - period]:
                run += 1
                continue
            stretch = Stretch(index - run - period, run + period)
            if run >= period and stretch.count > LONGEST_LOOP and not any(_within(stretch, other) for other in known):
                found.setdefault(period, []).append(stretch)
                known.append(stretch)
            run = 0
    return found


def _within(inner: Stretch, outer: Stretch) -> bool:
    return outer.first <= inner.first and inner.first + inner.count <= outer.first + outer.count


class FreezeDetector:
    """For how long the same pitches have sounded, event by event. A shallow copy is independent of it."""

    def __init__(self) -> None:
        self.sounding: tuple[int, ...] | None = None
        """MIDI numbers of the last event, ascending; None before the first."""
        self.bars = 0.0
        """For how many bars they have sounded."""

    @property
    def frozen(self) -> bool:
        """Whether that is too long."""
        return self.bars > FROZEN_BARS + _ROUNDING

    def add(self, event: Event, metre: Metre) -> None:
        """Go on by an event that begins in `metre`."""
        bars = event.ticks / metre.bar
        self.bars = self.bars + bars if event.sounding == self.sounding else bars
        self.sounding = event.sounding

    def would_freeze(self, event: Event, metre: Metre) -> bool:
        """Whether adding this event would make, or lengthen, a frozen stretch."""
        before = self.bars if event.sounding == self.sounding else 0.0
        return before + event.ticks / metre.bar > FROZEN_BARS + _ROUNDING

    def room(self, sounding: tuple[int, ...], metre: Metre) -> int:
        """Ticks for which these pitches may still sound from now on."""
        before = self.bars if sounding == self.sounding else 0.0
        return max(0, int((FROZEN_BARS + _ROUNDING - before) * metre.bar))


class LoopDetector:
    """Whether the last events go round in circles, event by event. A shallow copy is independent of it."""

    def __init__(self) -> None:
        self._recent: tuple[int, ...] = ()  # hashes of the last LONGEST_LOOP events, the newest first
        self._runs: dict[int, int] = {}  # period -> the number of latest events that each equal the one a period before

    def add(self, event: Event) -> None:
        """Go on by an event."""
        number = hash(event)
        self._runs = self._runs_with(number)
        self._recent = (number, *self._recent[: LONGEST_LOOP - 1])

    def would_loop(self, event: Event) -> bool:
        """Whether adding this event would make, or lengthen, a periodic stretch."""
        runs = self._runs_with(hash(event))
        return any(run >= period and run + period > LONGEST_LOOP for period, run in runs.items())

    def _runs_with(self, number: int) -> dict[int, int]:
        runs: dict[int, int] = {}
        period = 0
        with suppress(ValueError):  # no more of them
            while True:
                period = self._recent.index(number, period) + 1
                runs[period] = self._runs.get(period, 0) + 1
        return runs
