"""The messages of a Standard MIDI File.

Law: any bytes give messages or a ValueError that says in one line what is wrong and where, in time and memory that
MOST_BYTES bounds.

A file that is cut short is no damaged one, a fault has its track, and chunks of other kinds are skipped, as the
standard asks. It is read here rather than by mido, for which the music would have to wait; see message.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from bachd.music import message
from bachd.music.message import META, Message

MOST_BYTES: Final = 1 << 18
"""Bytes of the largest file that is read: all the Goldberg Variations together take half of it.

The worst there can be is 130,000 messages; a piece made of them, with 127 keys held down all the time, takes four
seconds and 250 MB on a desktop.
"""

_HEAD: Final = 8
"""Bytes of a chunk's kind and length."""
_FRAMES: Final = {24: 24.0, 25: 25.0, 29: 30 / 1.001, 30: 30.0}
"""SMPTE frames a second."""
_SYSEX: Final = (0xF0, 0xF7)
_LENGTHS: Final = {0xC0: 1, 0xD0: 1}
"""Bytes that follow the status of a channel message, where they are not two."""
_COMMON: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}
"""The same for system messages. They belong into no file, but are found there."""
_SHORTEST: Final = {0x51: 3, 0x58: 2}
"""Bytes that a tempo and a time signature need."""


class Timed(NamedTuple):
    """A message and its place."""

    tick: int
    """Since the start, in the file's own ticks."""
    track: int
    """Counted from 1."""
    message: Message


@dataclass(frozen=True, slots=True)
class File:
    """What a file holds."""

    ppq: int
    """Ticks a quarter note; 0 where ticks are parts of a second."""
    rate: float
    """Ticks a second; 0.0 where they are parts of a quarter note."""
    messages: tuple[Timed, ...]
    """In the order of their ticks; at the same tick, track after track."""

    @property
    def end(self) -> int:
        """Tick at which the longest track ends."""
        return self.messages[-1].tick if self.messages else 0


def parse(data: bytes) -> File:
    """Read a file of format 0 or 1. Raises ValueError saying what is wrong with it."""
    if not data:
        raise ValueError("the file is empty")
    if len(data) > MOST_BYTES:
        raise ValueError(f"the file has more than the {MOST_BYTES} bytes of a long piece; take a shorter one")
    if not data.startswith(b"MThd"):
        raise ValueError("this is no MIDI file: it does not begin with 'MThd'")
    position = _end(data, 0, "the header")
    if position < 14:
        raise ValueError("this is no MIDI file: its header is too short")
    form, count = int.from_bytes(data[8:10]), int.from_bytes(data[10:12])
    if form > 1:
        raise ValueError(f"a MIDI file of format {form} holds no single piece; save it as format 0 or 1")
    ppq, rate = _division(*data[12:14])
    messages: list[Timed] = []
    track = 0
    while track < count:
        if position == len(data):
            raise ValueError(f"the file is truncated: {track} of its {count} tracks are there")
        start, position = position, _end(data, position, f"track {track + 1}")
        if data.startswith(b"MTrk", start):
            track += 1
            messages.extend(_read_track(data[start:position], track))
    messages.sort(key=lambda timed: timed.tick)
    return File(ppq, rate, tuple(messages))


def _end(data: bytes, start: int, what: str) -> int:
    """Where the chunk ends that begins at `start`."""
    content = start + _HEAD
    end = content + int.from_bytes(data[start + 4 : content])
    if max(content, end) > len(data):
        raise ValueError(f"the file is truncated: {what} ends {max(content, end) - len(data)} bytes after the file")
    return end


def _division(high: int, low: int) -> tuple[int, float]:
    """Ticks a quarter note and ticks a second, one of them 0, of the header's last two bytes."""
    if high < 0x80:
        ppq, rate = high << 8 | low, 0.0
    else:
        ppq, rate = 0, _FRAMES.get(256 - high, 0.0) * low
    if not ppq and not rate:
        raise ValueError(f"the header is damaged: its ticks have no length ({high:#04x} {low:#04x})")
    return ppq, rate


def _read_track(chunk: bytes, track: int) -> Iterator[Timed]:
    """The messages of a track, its end among them."""
    reader = _Reader(chunk)
    tick = 0
    try:
        while reader.left:
            tick += reader.number("a time")
            yield Timed(tick, track, reader.message())
    except IndexError:
        raise ValueError(f"track {track} is damaged: it breaks off within a message") from None
    except ValueError as fault:
        raise ValueError(f"track {track} is damaged: {fault}") from None


class _Reader:
    """Reads a track's chunk. Raises IndexError where it breaks off, ValueError for what no track holds."""

    def __init__(self, chunk: bytes) -> None:
        self._chunk = chunk
        self._position = _HEAD
        self._running = 0  # the last status of a channel, which stands for those that are left out

    @property
    def left(self) -> bool:
        return self._position < len(self._chunk)

    def number(self, what: str) -> int:
        """A number of at most four bytes, seven bits each."""
        number = 0
        for _ in range(4):
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise ValueError(f"it holds {what} of more than four bytes")

    def message(self) -> Message:
        status = self._byte()
        if status == META:
            kind = self._byte()
            content = self._take(self.number("a length"))
            if len(content) < _SHORTEST.get(kind, 0):
                raise ValueError(f"it holds a meta message {kind:#04x} that is too short")
            return message.meta(kind, content)
        if status in _SYSEX:
            return Message(bytes((status,)) + self._take(self.number("a length")))
        if status < 0x80:
            self._position -= 1
            status = self._running
        elif status < 0xF0:
            self._running = status
        if not status:
            raise ValueError("it begins with a message that has no status")
        length = _LENGTHS.get(status & 0xF0, 2) if status < 0xF0 else _COMMON.get(status)
        if length is None:
            raise ValueError(f"it holds a status that is not defined, {status:#04x}")
        data = self._take(length)
        if not data.isascii():
            raise ValueError(f"it holds a message with a byte above 127: {status:02x} {data.hex(' ')}")
        return Message(bytes((status,)) + data)

    def _byte(self) -> int:
        byte = self._chunk[self._position]
        self._position += 1
        return byte

    def _take(self, length: int) -> bytes:
        end = self._position + length
        if end > len(self._chunk):
            raise IndexError
        data = self._chunk[self._position : end]
        self._position = end
        return data
