"""Write messages as the bytes of a MIDI cable, as few as can be: 31,250 bits a second are a byte in 320 microseconds.

Law: a status is left out only while the receiver knows it (running status: MIDI 1.0 Detailed Specification 4.2, p. 5),
and comes again after a pause, for a receiver that was plugged in meanwhile.
"""

from __future__ import annotations

import math
from typing import Final

AGAIN: Final = 0.3
"""Seconds after which a status is written even if it has not changed."""
_REAL_TIME: Final = 0xF8
_SYSTEM: Final = 0xF0
_NOTE_ON: Final = 0x90
_NOTE_OFF: Final = 0x80
_USUAL: Final = (0, 64)
"""Velocities of a note_off that mean nothing: it can be written as a note_on of velocity 0."""


class Encoder:
    """What the receiver knows, and which notes sound there."""

    def __init__(self) -> None:
        self._status = 0
        self._since = -math.inf
        self.sounding: set[tuple[int, int]] = set()
        """Channel, from 0, and note."""

    def bytes_of(self, message: bytes, now: float) -> bytes:
        """Return what to write for a message. now: in monotonic seconds."""
        status = message[0]
        if status >= _REAL_TIME:  # which changes no running status
            return message
        if status >= _SYSTEM:
            self._status = 0
            return message
        self._note(message)
        if status & 0xF0 == _NOTE_OFF and message[2] in _USUAL:
            message = bytes((_NOTE_ON | status & 0x0F, message[1], 0))
        known = message[0] == self._status and now - self._since < AGAIN
        self._status, self._since = message[0], self._since if known else now
        return message[1:] if known else message

    def ends(self, now: float) -> bytes:
        """Return what ends all notes that sound."""
        messages = [bytes((_NOTE_OFF | channel, note, 64)) for channel, note in sorted(self.sounding)]
        return b"".join(self.bytes_of(message, now) for message in messages)

    def _note(self, message: bytes) -> None:
        kind, key = message[0] & 0xF0, (message[0] & 0x0F, message[1])
        if kind == _NOTE_ON and message[2]:
            self.sounding.add(key)
        elif kind in (_NOTE_ON, _NOTE_OFF):
            self.sounding.discard(key)
