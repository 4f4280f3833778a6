"""What has been handed over and what of it has been delivered, so that the rest can be taken back.

Law: a note counts as sounding from the deadline of its note_on to that of its note_off.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from bachd.realtime.output import TimedMessage


class Handed:
    """Messages on their way, and the notes that sound."""

    def __init__(self) -> None:
        self._waiting: list[TimedMessage] = []
        self._sounding: dict[int, int] = {}
        self._tick = 0.0

    def add(self, messages: Sequence[TimedMessage], now: float) -> None:
        """These are handed over; `now`, as everywhere here, is in monotonic seconds."""
        self._deliver(now)
        self._waiting += messages

    def take_back(self, now: float) -> tuple[dict[int, int], float]:
        """Forget what is not yet due: the notes that sound, with their channels, and the tick of what came last."""
        self._deliver(now)
        self._waiting.clear()
        return dict(self._sounding), self._tick

    def _deliver(self, now: float) -> None:
        for timed in sorted((timed for timed in self._waiting if timed.due <= now), key=attrgetter("due")):
            if timed.message.type == "note_on":
                self._sounding[timed.message.note] = timed.message.channel
            elif timed.message.type == "note_off":
                self._sounding.pop(timed.message.note, None)
            self._tick = timed.tick
        self._waiting = [timed for timed in self._waiting if timed.due > now]
