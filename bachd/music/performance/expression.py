"""Humanise the notes of an event: shift their onsets within limits, and vary their velocities.

Law: what sounds, and in which order, stays what it was. Each event is delayed on its own account and keeps half of its
length at least, so nothing accumulates; each note starts in the first half of what is left of its event.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.metre import Place
from bachd.music.performance import dynamics

STRAIGHT: Final = 50
"""The swing of even notes, in per cent."""
WIDEST: Final = 75
"""The most swing: a dotted note and a short one."""

_PAIRS: Final = (TICKS, TICKS // 2)
"""Ticks of two eighths, and of two sixteenths."""
_LOUDNESS: Final = 250.0
"""Steps of velocity by which a note may be louder or softer, for each second by which it may be late: 2 for 8 ms."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Delay and velocity of one note."""

    velocity: int
    """1 to 127."""
    late: float
    """Ticks after its event has begun."""


class Expression:
    """Gives notes their timing and velocity. One instance serves one sequence of events, in order."""

    def __init__(self, rng: Random, *, swing: float = STRAIGHT, humanise: float = 0.0, shaped: bool = True) -> None:
        """swing: where the second of a pair of notes falls, in per cent of the pair: STRAIGHT to WIDEST.

        humanise: seconds that a note may be late by chance. shaped: whether loudness follows metre and phrase.
        rng: for chance alone, and so not that of the music.
        """
        self._rng = rng
        self._swing = swing
        self._humanise = humanise
        self._shaped = shaped
        self._before: int | None = None  # ticks of the event before

    def shape(self, event: Event, place: Place, rate: float) -> tuple[float, dict[int, Touch]]:
        """Ticks by which `event`, and so the end of what it ends, is delayed; and each note that starts in it.

        place: where it begins; rate: ticks a second.
        """
        delay = self._delay(event, place)
        self._before = event.ticks
        furthest = min(self._humanise * rate, (event.ticks - delay) / 2)
        return delay, {
            pitch: self._touch(velocity, furthest / 2 if pitch == event.sounding[-1] else furthest)
            for pitch, velocity in self._velocities(event, place).items()
        }

    def _delay(self, event: Event, place: Place) -> float:
        """The second of two halves of a beat, or of half a beat, is delayed if no third onset lies within the two.

        A beat in three parts has no such halves.
        """
        if place.metre.compound:
            return 0.0
        for pair in _PAIRS:
            half = pair // 2
            alone = event.ticks >= half and (self._before is None or self._before >= half)
            if pair <= place.metre.beat and place.phase % pair == half and alone:
                return pair * (self._swing - STRAIGHT) / 100
        return 0.0

    def _velocities(self, event: Event, place: Place) -> dict[int, int]:
        return dynamics.velocities(event, place) if self._shaped else dict.fromkeys(event.starts, dynamics.EVEN)

    def _touch(self, velocity: int, furthest: float) -> Touch:
        if not self._humanise:
            return Touch(velocity, 0.0)
        louder = round(_LOUDNESS * self._humanise * self._rng.uniform(-1, 1))
        return Touch(min(127, max(1, velocity + louder)), furthest * self._rng.random())
