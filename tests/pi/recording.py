"""What a synth received, what still sounds on it, and when it was silent.

Law: it believes nothing but the bytes that came in; running status, real-time bytes and half messages included.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
"""Bytes after each status."""
_POSITION = 0xF2
_SILENCING = (120, 123)
"""All sound off, all notes off."""


@dataclass
class Recording:
    """Messages as they come in; seconds are those of whoever feeds it."""

    onsets: list[float] = field(default_factory=list)
    """When each note_on came."""
    notes: list[tuple[int, int, int]] = field(default_factory=list)
    """Each note_on and note_off as status, note and velocity, in the order in which they came; a note_off has none."""
    sounding: dict[tuple[int, int], float] = field(default_factory=dict)
    """When each note that sounds began, by channel and note. A synth that is unplugged keeps sounding."""
    silences: list[tuple[float, float]] = field(default_factory=list)
    """When nothing sounded: from a note_off, or the like, to the next note_on."""
    cut: int = 0
    """Notes that were silenced by a reset, not by a note_off of their own."""
    doubled: int = 0
    """Notes that began again while they sounded."""
    order: list[tuple[float, bytes]] = field(default_factory=list)
    """All messages but note_offs, with their moments, in the order in which they came."""
    _ended: float | None = None
    _status: int = 0
    _data: list[int] = field(default_factory=list)

    def feed(self, data: bytes, now: float) -> None:
        """Take in what has arrived."""
        for byte in data:
            if byte >= 0xF8:
                self.order.append((now, bytes([byte])))
            elif byte >= 0x80:
                self._status, self._data = byte if byte < 0xF0 or byte == _POSITION else 0, []
            elif self._status:
                self._data.append(byte)
                if len(self._data) == (2 if self._status == _POSITION else _LENGTHS[self._status & 0xF0]):
                    self._complete(now)

    def _complete(self, now: float) -> None:
        """Take in a message that is whole."""
        status, data, self._data = self._status, self._data, []
        if status & 0xF0 != 0x80:
            self.order.append((now, bytes([status, *data])))
        if status == _POSITION:
            self._status = 0  # it has no running status
        else:
            self._take(status & 0xF0, status & 0x0F, data, now)

    def interrupted(self) -> None:
        """The cable was pulled: what comes next begins with a status."""
        self._status, self._data = 0, []

    def longest_silence(self, begin: float, end: float) -> float:
        """Seconds of the longest silence that began and ended in this stretch; 0 if there was none."""
        return max((until - since for since, until in self.silences if begin <= since and until <= end), default=0.0)

    def _take(self, kind: int, channel: int, data: list[int], now: float) -> None:
        if kind == 0x90 and data[1]:
            self.doubled += (channel, data[0]) in self.sounding
            if self._ended is not None:
                self.silences.append((self._ended, now))
                self._ended = None
            self.onsets.append(now)
            self.notes.append((kind | channel, data[0], data[1]))
            self.sounding[channel, data[0]] = now
        elif kind in (0x80, 0x90):
            self.notes.append((0x80 | channel, data[0], 0))
            self._end([(channel, data[0])], now)
        elif kind == 0xB0 and data[0] in _SILENCING:
            self.cut += self._end([key for key in self.sounding if key[0] == channel], now)

    def _end(self, keys: list[tuple[int, int]], now: float) -> int:
        ended = sum(self.sounding.pop(key, None) is not None for key in keys)
        if ended and not self.sounding:
            self._ended = now
        return ended
