"""Convert ticks to monotonic seconds and back, and halt and resume the music.

Law: a deadline is origin + ticks x seconds a tick, never the deadline before plus a length, so nothing drifts; the
origin moves only when music has to wait or the tempo changes.

A tick is a 24th of a quarter note, one MIDI timing clock (MIDI 1.0 Detailed Specification 4.2, "Timing Clock").
Positions are ticks since the start of the run.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, Protocol

from bachd.music.event import TICKS
from bachd.music.metre import Place

LEAD_SECONDS: Final = 0.2
"""Seconds: enough for an overloaded machine to send a chord in time (its event loop was seen to wake 130 ms late
at a load of four processes a core)."""


class Conductor(Protocol):
    """Decides when a tick sounds, and whether there is music at all. For one thread."""

    @property
    def follows(self) -> bool:
        """Whether tempo and bar lines come from outside, so that music that is late cannot just go on later."""
        ...

    @property
    def lead(self) -> float:
        """Seconds before its deadline at which a chord is best sent: what has been sent follows no change of tempo."""
        ...

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at present."""
        ...

    @property
    def running(self) -> bool:
        """Whether what `begin` began goes on; music that does not is silent at once, and has to begin again."""
        ...

    @property
    def changed(self) -> asyncio.Event:
        """Set when `running`, or the moment that `due` returned last, has changed. The waiting task clears it."""
        ...

    def begin(self, tick: int, place: Place, moment: float) -> bool:
        """Let music go on with `tick`, which is at `place` in its bar, at `moment` or at the next fitting one.

        False if it has to wait; ask again when it has `changed`.
        """
        ...

    def due(self, tick: int) -> float:
        """Return the moment at which `tick` sounds, in monotonic seconds, as far as is known now."""
        ...

    def tick(self, moment: float) -> int:
        """Return the last tick at or before `moment`; negative before the start."""
        ...

    def position(self, moment: float) -> float | None:
        """Return where an external tempo is at a moment, in ticks of which multiples of a bar are bar lines.

        None if there is none, or it does not run.
        """
        ...

    def change(self, tick: int, bpm: float) -> None:
        """Go on at another tempo from `tick` on, whose moment stays what it was; ignored if it `follows`."""
        ...

    def shift(self, seconds: float) -> None:
        """Let everything from here on sound `seconds` later; ignored if it `follows`."""
        ...

    def suspend(self, suspended: bool, until: float = -math.inf) -> None:
        """Let there be no music as long as somebody else makes it, whoever else starts or halts it.

        until: when it goes on at the earliest, in monotonic seconds; who `follows` goes on with a bar.
        """
        ...


class Transport:
    """A steady tempo from a moment on, in which the music may be halted."""

    follows = False

    def __init__(self, bpm: float, lead: float = LEAD_SECONDS) -> None:
        self.bpm = bpm
        """Quarter notes a minute."""
        self.lead = lead
        self.changed = asyncio.Event()
        self._origin = 0.0
        self._halted = self._suspended = False
        self._until = -math.inf

    @property
    def running(self) -> bool:
        """Whether it is neither halted nor suspended."""
        return not (self._halted or self._suspended)

    @property
    def halted(self) -> bool:
        """Whether it was halted, and not resumed."""
        return self._halted

    def halt(self) -> None:
        """Silence the music at once."""
        self._halted = True
        self.changed.set()

    def resume(self) -> None:
        """Go on with the next bar."""
        self._halted = False
        self.changed.set()

    def begin(self, tick: int, place: Place, moment: float) -> bool:
        """Put `tick` at `moment`, wherever in its bar it is."""
        self._origin += max(moment, self._until) - self.due(tick)
        return self.running

    def due(self, tick: int) -> float:
        """Return the moment at which `tick` sounds, in monotonic seconds."""
        return self._origin + tick * 60.0 / (self.bpm * TICKS)

    def tick(self, moment: float) -> int:
        """Return the last tick at or before `moment`; negative before the start."""
        return int((moment - self._origin) * self.bpm * TICKS // 60.0)

    def position(self, moment: float) -> None:
        """Return None: there is no external tempo."""

    def change(self, tick: int, bpm: float) -> None:
        """Go on at another tempo from `tick` on, whose moment stays what it was."""
        moment = self.due(tick)
        self.bpm = bpm
        self._origin += moment - self.due(tick)

    def shift(self, seconds: float) -> None:
        """Let everything from here on sound `seconds` later."""
        self._origin += seconds

    def suspend(self, suspended: bool, until: float = -math.inf) -> None:
        """Silence the music at once, or let it go on with the next bar, at `until`, unless it is halted."""
        self._until = until
        if suspended != self._suspended:
            self._suspended = suspended
            self.changed.set()
