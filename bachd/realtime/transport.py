"""Where a run is in time: ticks to monotonic seconds and back, at a tempo.

Law: a deadline is origin + ticks x seconds a tick, never the deadline before plus a length, so nothing drifts; the
origin moves only when music has to wait or the tempo changes.
"""

from __future__ import annotations

from bachd.music.event import TICKS


class Transport:
    """A steady tempo from a moment on. Positions are ticks since the start of the run, 24 a quarter note."""

    def __init__(self, bpm: float) -> None:
        self.bpm = bpm
        """Quarter notes a minute."""
        self._origin = 0.0

    def start(self, moment: float) -> None:
        """Put tick 0 at `moment`, in monotonic seconds."""
        self._origin = moment

    def due(self, tick: int) -> float:
        """The moment at which `tick` sounds, in monotonic seconds."""
        return self._origin + tick * 60.0 / (self.bpm * TICKS)

    def tick(self, moment: float) -> int:
        """The last tick at or before `moment`; negative before the start."""
        return int((moment - self._origin) * self.bpm * TICKS // 60.0)

    def change(self, tick: int, bpm: float) -> None:
        """Go on at another tempo from `tick` on, whose moment stays what it was."""
        moment = self.due(tick)
        self.bpm = bpm
        self._origin += moment - self.due(tick)

    def slip(self, seconds: float) -> None:
        """Let everything from here on sound `seconds` later."""
        self._origin += seconds
