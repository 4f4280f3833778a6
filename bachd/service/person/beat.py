"""Count the ticks of what a person plays: by the beat that is followed, or by the one found from the notes.

Law: ticks are snapped to sixteenths, as the network knows them; the notes themselves are never moved. Ticks never run
backwards: what was counted wrongly is made up for in the notes that follow.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import TICKS
from bachd.music.metre import COMMON_TIME
from bachd.music.performance.beat_tracker import BEAT, BeatTracker
from bachd.neural.harmonise.past import SILENCE
from bachd.realtime.transport import Conductor

_SIXTEENTH: Final = TICKS // 4
_KNOWN: Final = 6
"""Notes after which the tempo is known."""


class PersonBeat:
    """Where a person is in the bar. Moments are monotonic seconds."""

    def __init__(self, bpm: float) -> None:
        """bpm: quarter notes a minute that are to be expected, where nothing is followed."""
        self._expected = bpm
        self._steady = False
        self._tracker = BeatTracker(bpm)
        self._onsets = 0  # that the tracker has heard
        self._origin = 0.0  # when tick 0 was
        self._struck = 0  # the tick of the last note
        self._last = -1  # the last tick at which something happened; negative where there is none to count from

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, as the person plays; in free time."""
        return self._expected if self._steady else self._tracker.bpm

    @property
    def found(self) -> float | None:
        """The same once it is known; None before, and while an external beat is followed."""
        return self.bpm if self._onsets >= _KNOWN and self._last >= 0 and not self._steady else None

    def is_known(self, moment: float, conductor: Conductor) -> bool:
        """Whether the beat is followed, bachd's own, or found, so that something can come between two notes."""
        return self._steady or self.found is not None or conductor.position(moment) is not None

    def use(self, bpm: float, moment: float, *, steady: bool = False) -> None:
        """Count by another tempo from `moment` on, if another one is expected.

        steady: whether the beat is bachd's, at just this tempo, and not found from the notes.
        """
        if (bpm, steady) == (self._expected, self._steady):
            return
        tick = (moment - self._origin) / self._period
        self._expected, self._steady, self._onsets = bpm, steady, 0
        if self._last < 0:
            self._tracker.expect(bpm)
        else:
            self._struck = max(self._last, _snapped(tick))
            self._tracker.expect(bpm, moment, self._struck // _SIXTEENTH)
        self._origin = moment - tick * self._period

    def strike(self, moment: float, conductor: Conductor) -> int:
        """Return the tick of a note; after a long silence in free time, that of the next bar line."""
        if (position := conductor.position(moment)) is not None:
            self._last = -1
            return _snapped(position)
        bar = COMMON_TIME.bar
        tick = _snapped((moment - self._origin) / self._period)
        if self._last < 0 or tick - self._last >= SILENCE * bar:
            self._tracker.expect(self._expected, moment)
            self._onsets = 0
            self._struck = -(-tick // bar) * bar if self._last >= 0 else 0
        elif self._steady:
            self._last = max(self._last, tick)
            return self._last
        elif steps := self._tracker.strike(moment):
            self._struck = self._on_beat(self._struck + steps * _SIXTEENTH)
            self._onsets += 1
        else:
            self._last = max(self._last, self._struck)
            return self._last
        self._origin = moment - self._struck * self._period
        self._last = self._struck
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

    def _on_beat(self, tick: int) -> int:
        """Return the tick nearest to this one that is where the tracker is in its beat, and not over yet."""
        place = self._tracker.place % BEAT * _SIXTEENTH
        nearest = tick + (place - tick + TICKS // 2) % TICKS - TICKS // 2
        return nearest if nearest >= self._last else nearest + TICKS * -(-(self._last - nearest) // TICKS)

    @property
    def _period(self) -> float:
        return 60.0 / (self.bpm * TICKS)


def _snapped(tick: float) -> int:
    return _SIXTEENTH * round(tick / _SIXTEENTH)
