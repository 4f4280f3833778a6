"""Parse the messages of a Standard MIDI File.

Law: any bytes give messages or a ValueError of one line that says what is wrong, in time and memory that the size of
the file bounds. What a player would play is read; what breaks a track off is listed in `File.faults`.

The format is that of "Standard MIDI Files 1.0" (RP-001). Files in the world stray from it, and are read as players do:

- A track ends with its first FF 2F, or with its chunk, or where it is damaged; whatever its chunk holds behind that, or
  claims to hold, does not count.
- Every MTrk chunk is read, however many the header promises. Chunks of other kinds are skipped.
- The file may stand inside another one: a RIFF file (.rmi), MacBinary.
- A data byte above 127 is taken for 127.

It is read here rather than by mido, for which the music would have to wait; see message.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from bachd.music import message
from bachd.music.message import META, Message

MOST_BYTES: Final = 1 << 18
"""Bytes of the largest file that is read unless the caller allows more: all the Goldberg Variations take half of it."""

ENDINGS: Final = (".mid", ".midi", ".kar", ".rmi")
"""What the names of such files end in: .kar is for karaoke, .rmi inside a RIFF file."""

_HEAD: Final = 8
"""Bytes of a chunk's kind and length."""
_SEARCHED: Final = 4096
"""Bytes in which the file may begin: a RIFF header has 20, MacBinary's 128."""
_NTSC: Final = {29: 30 / 1.001}
"""SMPTE's 29 frames a second are 30 with drops."""
_SYSEX: Final = (0xF0, 0xF7)
_END_OF_TRACK: Final = 0x2F
_LENGTHS: Final = {0xC0: 1, 0xD0: 1}
"""Data bytes that follow the status of a channel message, where they are not two."""
_COMMON: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""The same for system messages, where there are any. They belong into no file, but are found there."""
_SHORTEST: Final = {0x51: 3, 0x58: 2}
"""Bytes that a tempo and a time signature need; shorter ones are passed over."""
_CLIPPED: Final = bytes(min(byte, 0x7F) for byte in range(256))


class Timed(NamedTuple):
    """A message and its place."""

    tick: int
    """Since the start, in the file's own ticks."""
    track: int
    """Counted from 1."""
    message: Message


@dataclass(frozen=True, slots=True)
class File:
    """Contents of a file."""

    ppq: int
    """Ticks a quarter note; 0 where ticks are parts of a second."""
    rate: float
    """Ticks a second; 0.0 where they are parts of a quarter note."""
    messages: tuple[Timed, ...]
    """In the order of their ticks; at the same tick, track after track."""
    faults: tuple[str, ...] = ()
    """Where and why tracks break off, a line each."""

    @property
    def end(self) -> int:
        """Tick at which the longest track ends."""
        return self.messages[-1].tick if self.messages else 0


def parse(data: bytes, most_bytes: int = MOST_BYTES) -> File:
    """Read a file that holds one piece. Raises ValueError saying what is wrong with it."""
    if not data:
        raise ValueError("the file is empty")
    if len(data) > most_bytes:
        raise ValueError(f"the file has more than the {most_bytes} bytes of a long piece; take a shorter one")
    start = data[:_SEARCHED].find(b"MThd")
    if start < 0:
        raise ValueError("this is not a MIDI file: it does not begin with 'MThd'")
    data = data[start:]
    if len(data) < 14:
        raise ValueError(f"the file is truncated: the header ends {14 - len(data)} bytes after the file")
    length = int.from_bytes(data[4:_HEAD])
    if length < 6:
        raise ValueError("this is not a MIDI file: its header is too short")
    form = int.from_bytes(data[8:10])
    ppq, rate = _division(*data[12:14])
    messages: list[Timed] = []
    faults: list[str] = []
    first = _HEAD + length
    for track, chunk in enumerate(_tracks(data, first if _is_chunk(data, first) else _find(data, 14)), 1):
        messages.extend(_read_track(chunk, track, faults))
    playing = {track for _, track, message in messages if message.type == "note_on"}
    if form == 2 and len(playing) > 1:
        raise ValueError(f"a MIDI file of format 2 with {len(playing)} pieces in it; save one of them as format 0")
    messages.sort(key=lambda timed: timed.tick)
    return File(ppq, rate, tuple(messages), tuple(faults))


def _division(high: int, low: int) -> tuple[int, float]:
    """Ticks a quarter note and ticks a second, one of them 0, of the header's last two bytes."""
    if high < 0x80:
        ppq, rate = high << 8 | low, 0.0
    else:
        ppq, rate = 0, _NTSC.get(256 - high, 256 - high) * float(low)
    if not ppq and not rate:
        raise ValueError(f"the header is damaged: its ticks have no length ({high:#04x} {low:#04x})")
    return ppq, rate


def _tracks(data: bytes, position: int) -> Iterator[_Track]:
    """The tracks of a file, each to be read before the next one is asked for."""
    while position < len(data):
        end = position + _HEAD + int.from_bytes(data[position + 4 : position + _HEAD])
        if not data.startswith(b"MTrk", position):
            position = end if _is_chunk(data, position) and end <= len(data) else _find(data, position + 1)
            continue
        sound = end == len(data) or _is_chunk(data, end)
        track = _Track(data, position + _HEAD, end if sound else _find(data, position + _HEAD), must_end=not sound)
        yield track
        if data.startswith(b"MTrk", track.position) or not sound:
            end = _find(data, track.position)
        position = end


def _is_chunk(data: bytes, position: int) -> bool:
    """Whether a chunk can begin here: with a kind of four letters or digits."""
    return len(data) >= position + _HEAD and data[position : position + 4].strip().isalnum()


def _find(data: bytes, position: int) -> int:
    """Return the offset of the next track chunk, or of the end of the file."""
    found = data.find(b"MTrk", position)
    return found if found >= 0 else len(data)


def _read_track(track: _Track, number: int, faults: list[str]) -> Iterator[Timed]:
    """The messages of a track, its end among them; where it breaks off, a line is added to `faults`."""
    tick = 0
    try:
        while track.left:
            tick += track.number("a time")
            found = track.message()
            if found is not None:
                yield Timed(tick, number, found)
        if track.must_end and not track.ended:
            raise IndexError
    except IndexError:
        faults.append(f"track {number} is damaged: it breaks off before its end")
    except ValueError as fault:
        faults.append(f"track {number} is damaged: {fault}")


class _Track:
    """Reads a track's messages. Raises IndexError where it breaks off, ValueError for what no track holds."""

    def __init__(self, data: bytes, position: int, end: int, *, must_end: bool) -> None:
        self._data = data
        self.position = position
        self._end = end
        self.must_end = must_end
        """Whether only an end of track tells that it is whole, because the length of its chunk is wrong."""
        self.ended = False
        self._running = 0  # the last status of a channel, which stands for those that are left out

    @property
    def left(self) -> bool:
        return self.position < self._end

    def number(self, what: str) -> int:
        """A variable-length quantity: seven bits a byte, at most four bytes but for zeros before them."""
        number = 0
        while number < 1 << 21:
            byte = self._byte()
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number
        raise ValueError(f"it holds {what} of more than four bytes")

    def message(self) -> Message | None:
        """The next message; None for a meta message that is too short for its kind."""
        status = self._byte()
        if status == META:
            kind = self._byte()
            content = self._take(self.number("a length"))
            if kind == _END_OF_TRACK:
                self._end, self.ended = self.position, True
            return message.meta(kind, content) if len(content) >= _SHORTEST.get(kind, 0) else None
        if status in _SYSEX:
            return Message(bytes((status,)) + self._take(self.number("a length")))
        if status < 0x80:
            self.position -= 1
            status = self._running
        elif status < 0xF0:
            self._running = status
        if not status:
            raise ValueError("it begins with a message that has no status")
        length = _LENGTHS.get(status & 0xF0, 2) if status < 0xF0 else _COMMON.get(status, 0)
        return Message(bytes((status,)) + self._take(length).translate(_CLIPPED))

    def _byte(self) -> int:
        if self.position >= self._end:
            raise IndexError
        self.position += 1
        return self._data[self.position - 1]

    def _take(self, length: int) -> bytes:
        end = self.position + length
        if end > self._end:
            raise IndexError
        data = self._data[self.position : end]
        self.position = end
        return data
