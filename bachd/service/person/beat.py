"""Count the ticks of what a person plays: by the beat that is followed, or by a steady one from the first note on.

Law: ticks are snapped to sixteenths, as the network knows them; the notes themselves are never moved.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import TICKS
from bachd.music.metre import COMMON_TIME
from bachd.neural.harmonise.harmoniser import SILENCE
from bachd.realtime.transport import Conductor

_SIXTEENTH: Final = TICKS // 4


class PersonBeat:
    """Where a person is in the bar. Moments are monotonic seconds."""

    def __init__(self, bpm: float) -> None:
        """bpm: quarter notes a minute, where nothing is followed."""
        self._bpm = bpm
        self._origin = 0.0  # when tick 0 was
        self._last = -1  # the last tick at which something happened; negative where there is none to count from

    def use(self, bpm: float, moment: float) -> None:
        """Count by another tempo from `moment` on."""
        tick = (moment - self._origin) / self._period
        self._bpm = bpm
        self._origin = moment - tick * self._period

    def strike(self, moment: float, conductor: Conductor) -> int:
        """Return the tick of a note; after a long silence in free time, that of the next bar line."""
        if (position := conductor.position(moment)) is not None:
            self._last = -1
            return _snapped(position)
        bar = COMMON_TIME.bar
        tick = _snapped((moment - self._origin) / self._period)
        if self._last < 0 or tick - self._last >= SILENCE * bar:
            tick = -(-tick // bar) * bar if self._last >= 0 else 0
            self._origin = moment - tick * self._period
        self._last = max(self._last, tick)
        return self._last

    def at(self, moment: float, conductor: Conductor) -> int:
        """Return the tick at which something happens while or after a note sounds."""
        if (position := conductor.position(moment)) is not None:
            return _snapped(position)
        if self._last < 0:
            return self.strike(moment, conductor)
        self._last = max(self._last, _snapped((moment - self._origin) / self._period))
        return self._last

    def due(self, tick: int, moment: float, conductor: Conductor) -> float:
        """Return when a later tick will be, as far as is known at `moment`."""
        if (position := conductor.position(moment)) is not None:
            return moment + (tick - position) * 60.0 / (conductor.bpm * TICKS)
        return self._origin + tick * self._period

    @property
    def _period(self) -> float:
        return 60.0 / (self._bpm * TICKS)


def _snapped(tick: float) -> int:
    return _SIXTEENTH * round(tick / _SIXTEENTH)
