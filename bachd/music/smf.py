"""The bytes of a Standard MIDI File, taken apart into the few messages that a piece is made of.

Law: any bytes give messages or a ValueError that says what is wrong and where, in time and memory that MOST_BYTES and
MOST_MESSAGES bound. (mido's reader raises whatever the bytes provoke, refuses foreign chunks and keeps every message as
an object of 250 bytes; writing is left to it.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

MOST_BYTES: Final = 4 << 20
"""Bytes of the largest file that is read."""
MOST_MESSAGES: Final = 100_000
"""Messages that are kept of a file, two a note: three times what the Goldberg Variations have."""

NOTE_OFF: Final = 0x80
NOTE_ON: Final = 0x90
CONTROL: Final = 0xB0
TEMPO: Final = 0x51
TIME_SIGNATURE: Final = 0x58

_ONE_BYTE: Final = (0xC0, 0xD0)
"""Program change and channel pressure have one data byte, all other channel messages two."""
_SYSEX: Final = (0xF0, 0xF7)
_META: Final = 0xFF
_END_OF_TRACK: Final = 0x2F
_FRAMES: Final = {24: 24.0, 25: 25.0, 29: 30 / 1.001, 30: 30.0}
"""SMPTE frames a second."""


class Message(NamedTuple):
    """A channel message, or a meta message that tells the tempo or the metre."""

    tick: int
    """Since the start, in the file's own ticks."""
    track: int
    """Counted from 1."""
    kind: int
    """NOTE_OFF, NOTE_ON, CONTROL, TEMPO or TIME_SIGNATURE."""
    channel: int
    """0 to 15; 0 for tempo and metre."""
    data: bytes
    """Two bytes for a channel message, the first at most 127; for tempo and metre as many as the file gives."""


@dataclass(frozen=True, slots=True)
class File:
    """What a file holds."""

    ppq: int
    """Ticks a quarter note; 0 where ticks are parts of a second."""
    rate: float
    """Ticks a second; 0.0 where they are parts of a quarter note."""
    messages: tuple[Message, ...]
    """In the order of their ticks; at the same tick, track after track."""
    end: int
    """Tick at which the longest track ends."""


def parse(data: bytes) -> File:
    """Read a file of format 0 or 1. Raises ValueError saying what is wrong with it."""
    if not data:
        raise ValueError("the file is empty")
    if len(data) > MOST_BYTES:
        raise ValueError(f"the file has {len(data)} bytes, and a piece at most {MOST_BYTES}")
    if not data.startswith(b"MThd"):
        raise ValueError("this is no MIDI file: it does not begin with 'MThd'")
    header, position = _chunk(data, 0, "the header")
    if len(header) < 6:
        raise ValueError("this is no MIDI file: its header is too short")
    form, count = int.from_bytes(header[0:2]), int.from_bytes(header[2:4])
    if form > 1:
        raise ValueError(f"a MIDI file of format {form} holds no single piece; save it as format 0 or 1")
    ppq, rate = _division(*header[4:6])
    messages: list[Message] = []
    end = track = 0
    while track < count:
        if position == len(data):
            raise ValueError(f"the file is truncated: {track} of its {count} tracks are there")
        name = data[position : position + 4]
        body, position = _chunk(data, position, f"track {track + 1}")
        if name == b"MTrk":  # the standard asks to skip all other kinds of chunk
            track += 1
            end = max(end, _read_track(body, track, messages))
    messages.sort(key=lambda message: message.tick)
    return File(ppq, rate, tuple(messages), end)


def _chunk(data: bytes, position: int, what: str) -> tuple[bytes, int]:
    """The content of the chunk at `position`, and where the next one begins."""
    start = position + 8
    end = start + int.from_bytes(data[position + 4 : start])
    if max(start, end) > len(data):
        raise ValueError(f"the file is truncated: {what} ends {max(start, end) - len(data)} bytes after the file")
    return data[start:end], end


def _division(high: int, low: int) -> tuple[int, float]:
    """Ticks a quarter note and ticks a second, one of them 0, of the header's last two bytes."""
    if high < 0x80:
        ppq, rate = high << 8 | low, 0.0
    else:
        ppq, rate = 0, _FRAMES.get(256 - high, 0.0) * low
    if not ppq and not rate:
        raise ValueError(f"the header is damaged: its ticks have no length ({high:#04x} {low:#04x})")
    return ppq, rate


def _read_track(data: bytes, track: int, messages: list[Message]) -> int:
    """Append the messages of a track that are kept, and return the tick at which it ends."""
    tick = position = status = 0
    try:
        while position < len(data):
            delta, position = _number(data, position)
            tick += delta
            lead = data[position]
            position += 1
            kind = channel = 0
            if lead == _META:
                kind = data[position]
                size, position = _number(data, position + 1)
                if kind == _END_OF_TRACK:
                    break
                kept = kind in (TEMPO, TIME_SIGNATURE)
            elif lead in _SYSEX:
                size, position = _number(data, position)
                kept = False
            else:
                if lead < 0x80:  # running status: this is the first data byte already
                    position -= 1
                elif lead < 0xF0:
                    status = lead
                else:
                    raise ValueError(f"no message begins with {lead:#04x}")
                if not status or data[position] >= 0x80:
                    raise ValueError(f"{data[position]:#04x} belongs to no message")
                kind, channel = status & 0xF0, status & 0x0F
                size = 1 if kind in _ONE_BYTE else 2
                kept = kind in (NOTE_OFF, NOTE_ON, CONTROL)
            content = data[position : position + size]
            position += size
            if position > len(data):
                raise IndexError
            if kept:
                if len(messages) == MOST_MESSAGES:
                    raise ValueError(f"more than {MOST_MESSAGES} notes and controls; take a shorter piece")
                messages.append(Message(tick, track, kind, channel, content))
    except IndexError:
        raise ValueError(f"track {track} breaks off within a message") from None
    except ValueError as fault:
        raise ValueError(f"track {track}, byte {position}: {fault}") from None
    return tick


def _number(data: bytes, position: int) -> tuple[int, int]:
    """The number of variable length at `position`, and what follows it."""
    value = 0
    for index in range(position, position + 4):
        value = value << 7 | data[index] & 0x7F
        if data[index] < 0x80:
            return value, index + 1
    raise ValueError("a number of more than four bytes")
