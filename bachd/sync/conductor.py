"""Conduct by an external tempo: its beat, its bar lines, its start and stop.

Law: a tick sounds when the external tempo reaches it, until that stops or jumps; then the music begins again, on one of
its bar lines.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, Protocol

from bachd.music.metre import Place

LEAD: Final = 0.06
"""Seconds: what has been sent follows no change of tempo, so this is short."""
_LATE: Final = 0.05
"""Seconds by which a bar may have begun already: a start is known only with its first clock."""
_MOVED: Final = 0.001
"""Seconds by which a moment may move before the task that waits for it is woken."""


class ExternalTempo(Protocol):
    """An external time. Positions are ticks, 24 a quarter note; multiples of a bar's length are bar lines."""

    @property
    def running(self) -> bool:
        """Whether it runs, and its moments are known."""
        ...

    @property
    def epoch(self) -> int:
        """A number that changes whenever it starts, stops or jumps."""
        ...

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, now or when they were last known."""
        ...

    def moment(self, position: float) -> float:
        """Return when it reaches a position, in monotonic seconds, as far as is known now."""
        ...

    def position(self, moment: float) -> float:
        """Return its position at a moment."""
        ...

    def set_bar_length(self, bar: int) -> None:
        """Let a bar have so many ticks from here on."""
        ...

    def condition(self, now: float) -> str:
        """Return why there is silence, or what is wrong; '' if all is well."""
        ...


class FollowingConductor:
    """Follows an external tempo; `notify` has to be called whenever that has received something."""

    follows = True
    lead = LEAD

    def __init__(self, external: ExternalTempo) -> None:
        self.external = external
        self.changed = asyncio.Event()
        self._offset = 0  # from its positions to our ticks
        self._epoch = -1
        self._answer = (0, 0.0)  # the tick that `due` was called with last, and its moment
        self._known = (False, 0)  # whether it ran, and since which start
        self._suspended = False

    @property
    def bpm(self) -> float:
        """The external tempo."""
        return self.external.bpm

    @property
    def running(self) -> bool:
        """Whether it has run without a stop or a jump since the music began, and is not suspended."""
        return self.external.running and self.external.epoch == self._epoch and not self._suspended

    def notify(self) -> None:
        """Wake the task that waits for a moment, if the external tempo has moved it, started or stopped."""
        known, self._known = self._known, (self.external.running, self.external.epoch)
        tick, moment = self._answer
        if known != self._known or (self.running and abs(self.external.moment(tick - self._offset) - moment) > _MOVED):
            self.changed.set()

    def begin(self, tick: int, place: Place, moment: float) -> bool:
        """Let the bar of `tick` begin with the next external one."""
        if self._suspended or not self.external.running:
            return False
        self.external.set_bar_length(place.metre.bar)
        bar, first = place.metre.bar, self.external.position(moment - _LATE) - place.phase
        self._offset = tick - place.phase - max(0, bar * math.ceil(first / bar))
        self._epoch = self.external.epoch
        return True

    def due(self, tick: int) -> float:
        """Return the moment at which `tick` sounds, in monotonic seconds, as far as is known now."""
        self._answer = (tick, self.external.moment(tick - self._offset))
        return self._answer[1]

    def tick(self, moment: float) -> int:
        """Return the last tick at or before `moment`."""
        return math.floor(self.external.position(moment)) + self._offset

    def position(self, moment: float) -> float | None:
        """Return where the external tempo is at a moment; None if it does not run."""
        return self.external.position(moment) if self.external.running else None

    def change(self, tick: int, bpm: float) -> None:
        """Ignore it: the tempo is the external one."""

    def shift(self, seconds: float) -> None:
        """Ignore it: the external tempo does not wait."""

    def suspend(self, suspended: bool, until: float = -math.inf) -> None:
        """Let there be no music, whatever the external tempo does, or follow it again from its next bar on."""
        if suspended != self._suspended:
            self._suspended = suspended
            self.changed.set()
