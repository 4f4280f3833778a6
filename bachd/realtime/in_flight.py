"""Track the messages that were sent but are not yet due, so that a retraction leaves no note hanging.

Law: a note counts as sounding from the deadline of its note_on to that of its note_off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from bachd.music.message import Message
from bachd.realtime.output import TimedMessage

_MOMENTARY: Final = frozenset(("note_on", "note_off", "marker"))
"""Messages that mean nothing after their moment; all others set something that stays set."""


@dataclass(frozen=True, slots=True)
class Retracted:
    """The state of the receiver after a retraction."""

    sounding: dict[int, int]
    """The notes that sound, with their channels."""
    tick: float
    """Position of the message that was delivered last."""
    undelivered: list[Message]
    """Settings (program, bank, tempo, metre) that have to be sent again."""


class InFlight:
    """Messages on their way, and the notes that sound. Moments are in monotonic seconds."""

    def __init__(self) -> None:
        self._waiting: list[TimedMessage] = []
        self._sounding: dict[int, int] = {}
        self._tick = 0.0

    def add(self, messages: Sequence[TimedMessage], now: float) -> None:
        """Record messages that were sent at `now`."""
        self._deliver(now)
        self._waiting += messages

    def retract(self, now: float) -> Retracted:
        """Forget what is due after `now`, and return the state which that leaves."""
        self._deliver(now)
        undelivered = [timed.message for timed in self._waiting if timed.message.type not in _MOMENTARY]
        self._waiting.clear()
        return Retracted(dict(self._sounding), self._tick, undelivered)

    def _deliver(self, now: float) -> None:
        """Take what is due by `now` for delivered."""
        for timed in sorted((timed for timed in self._waiting if timed.due <= now), key=attrgetter("due")):
            if timed.message.type == "note_on":
                self._sounding[timed.message.note] = timed.message.channel
            elif timed.message.type == "note_off":
                self._sounding.pop(timed.message.note, None)
            self._tick = timed.tick
        self._waiting = [timed for timed in self._waiting if timed.due > now]
