"""Recognise the notes that a synth sends back which bachd has just sent it.

Law: each note that was sent excuses one note that comes in, of the same channel and number, within a moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from bachd.music.message import Message
from bachd.realtime.output import TimedMessage

WINDOW: Final = 0.03
"""Seconds after its own moment in which a note may come back; IMPSY allows 0.02, Notochord 0.03."""
_EARLY: Final = 0.002
"""Seconds by which it may seem to come back before it left: two clocks are compared."""
_MOST: Final = 512
"""Notes that are remembered; more are not sent in so short a time."""


class EchoFilter:
    """The notes that were sent of late."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, bytes]] = deque(maxlen=_MOST)

    def sent(self, messages: Iterable[TimedMessage]) -> None:
        """Remember the notes among messages that were sent."""
        self._sent += [(timed.due, timed.message.data[:2]) for timed in messages if timed.message.type == "note_on"]

    def is_echo(self, moment: float, message: Message) -> bool:
        """Whether a note_on that came in at `moment`, in monotonic seconds, is one of those; then it is so but once."""
        while self._sent and self._sent[0][0] < moment - 4 * WINDOW:
            self._sent.popleft()
        for sent in self._sent:
            due, data = sent
            if data == message.data[:2] and -_EARLY <= moment - due <= WINDOW:
                self._sent.remove(sent)
                return True
        return False
