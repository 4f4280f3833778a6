"""A conductor who follows somebody else: his tempo, his bar lines, his start and stop.

Law: a tick sounds when the leader is at it, for as long as he neither stops nor jumps; then the music begins anew, on
one of his bar lines.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final, Protocol

from bachd.music.metre import Place

LEAD: Final = 0.06
"""Seconds: what is handed over does not hear of another tempo any more."""
_LATE: Final = 0.05
"""Seconds by which a bar may have begun already: a start is known only with its first clock."""
_MOVED: Final = 0.001
"""Seconds by which a moment may move before whoever waits for it is told."""


class Leader(Protocol):
    """Somebody's time. Positions are ticks, 24 a quarter note; those that divide by a bar's length are bar lines."""

    @property
    def running(self) -> bool:
        """Whether he plays, and when is known."""
        ...

    @property
    def epoch(self) -> int:
        """Another number whenever he has started, stopped or jumped."""
        ...

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, now or when they were last known."""
        ...

    def moment(self, position: float) -> float:
        """When he is there, in monotonic seconds, as far as is known now."""
        ...

    def position(self, moment: float) -> float:
        """Where he is at a moment."""
        ...

    def count_by(self, bar: int) -> None:
        """From here on a bar has so many ticks."""
        ...

    def condition(self, now: float) -> str:
        """What a person should know: why there is silence, or what is wrong; '' if all is well."""
        ...


class Following:
    """Follows a leader; whoever has told the leader something calls `stir`."""

    follows = True
    lead = LEAD

    def __init__(self, leader: Leader) -> None:
        self.leader = leader
        self.stirred = asyncio.Event()
        self._offset = 0  # from his positions to our ticks
        self._epoch = -1
        self._answer = (0, 0.0)  # the tick that was asked for last, and its moment
        self._known = (False, 0)  # whether he played, and since which start

    @property
    def bpm(self) -> float:
        """The leader's tempo."""
        return self.leader.bpm

    @property
    def running(self) -> bool:
        """Whether he still plays what he played when the music began."""
        return self.leader.running and self.leader.epoch == self._epoch

    def stir(self) -> None:
        """The leader has heard something: wake who waits, if that changes anything for him."""
        known, self._known = self._known, (self.leader.running, self.leader.epoch)
        tick, moment = self._answer
        if known != self._known or (self.running and abs(self.leader.moment(tick - self._offset) - moment) > _MOVED):
            self.stirred.set()

    def begin(self, tick: int, place: Place, moment: float) -> bool:
        """Let the bar of `tick` begin with the leader's next."""
        if not self.leader.running:
            return False
        self.leader.count_by(place.metre.bar)
        bar, first = place.metre.bar, self.leader.position(moment - _LATE) - place.phase
        self._offset = tick - place.phase - max(0, bar * math.ceil(first / bar))
        self._epoch = self.leader.epoch
        return True

    def due(self, tick: int) -> float:
        """The moment at which `tick` sounds, in monotonic seconds, as far as is known now."""
        self._answer = (tick, self.leader.moment(tick - self._offset))
        return self._answer[1]

    def tick(self, moment: float) -> int:
        """The last tick at or before `moment`."""
        return math.floor(self.leader.position(moment)) + self._offset

    def change(self, tick: int, bpm: float) -> None:
        """The tempo is the leader's."""

    def shift(self, seconds: float) -> None:
        """The leader does not wait."""
