"""Split a stream of MIDI bytes into messages.

Law: whatever comes in, only whole and well-formed messages come out; exclusive data, and what is cut off, are dropped.

Running status, and real-time bytes between the bytes of another message, are as MIDI 1.0 Detailed Specification 4.2
has them (pages 5 and 30, and the flow chart in its appendix A).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_REAL_TIME: Final = 0xF8
"""The first of the bytes that are messages of their own, wherever they stand."""
_SYSTEM: Final = 0xF0
_LENGTHS: Final = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3, 0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1}


class StreamParser:
    """The state between two bytes of one port."""

    def __init__(self) -> None:
        self._running = 0
        self._unfinished = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that these bytes complete."""
        for byte in data:
            if byte >= _REAL_TIME:
                yield bytes((byte,))
            elif byte & 0x80:
                self._running = byte if byte < _SYSTEM else 0
                self._unfinished[:] = (byte,)
                yield from self._finished()
            elif self._unfinished or self._running:
                if not self._unfinished:
                    self._unfinished.append(self._running)
                self._unfinished.append(byte)
                yield from self._finished()

    def _finished(self) -> Iterator[bytes]:
        status = self._unfinished[0]
        length = _LENGTHS.get(status if status >= _SYSTEM else status & 0xF0)
        if length is None:  # exclusive, or its end, or undefined: its data mean nothing here
            self._unfinished.clear()
        elif len(self._unfinished) == length:
            message = bytes(self._unfinished)
            self._unfinished.clear()
            yield message
