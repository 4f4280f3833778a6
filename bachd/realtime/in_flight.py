"""What has been handed over and what of it has been delivered, so that the rest can be taken back.

Law: a note counts as sounding from the deadline of its note_on to that of its note_off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from bachd.music.message import Message
from bachd.realtime.output import TimedMessage

_PASSING: Final = frozenset(("note_on", "note_off", "marker"))
"""Messages that mean nothing after their moment; all others set something that holds."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What is left when messages on their way are taken back."""

    sounding: dict[int, int]
    """The notes that sound, with their channels."""
    tick: float
    """Of what was delivered last."""
    lost: list[Message]
    """Settings (program, bank, tempo, metre) that were not delivered, and have to be sent again."""


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

    def take_back(self, now: float) -> TakenBack:
        """Forget what is not yet due, and return what that leaves."""
        self._deliver(now)
        lost = [timed.message for timed in self._waiting if timed.message.type not in _PASSING]
        self._waiting.clear()
        return TakenBack(dict(self._sounding), self._tick, lost)

    def _deliver(self, now: float) -> None:
        for timed in sorted((timed for timed in self._waiting if timed.due <= now), key=attrgetter("due")):
            if timed.message.type == "note_on":
                self._sounding[timed.message.note] = timed.message.channel
            elif timed.message.type == "note_off":
                self._sounding.pop(timed.message.note, None)
            self._tick = timed.tick
        self._waiting = [timed for timed in self._waiting if timed.due > now]
