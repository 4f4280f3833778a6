"""The messages of a Standard MIDI File, which mido decodes.

Law: any bytes give messages or a ValueError that says in one line what is wrong and where, in time and memory that
MOST_BYTES bounds.

The chunks are told apart here, and mido sees one track at a time: so a file that is cut short is no damaged one, a
fault has its track, and chunks of other kinds are skipped, as the standard asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mido import Message, MetaMessage

MOST_BYTES: Final = 1 << 18
"""Bytes of the largest file that is read: all the Goldberg Variations together take half of it.

The worst there can be is 130,000 messages, for which mido takes a second and 40 MB on a desktop; a piece made of them,
with 127 keys held down all the time, takes four seconds and 250 MB.
"""

_ALONE: Final = b"MThd" + bytes([0, 0, 0, 6, 0, 0, 0, 1, 0, 24])
"""The header of a file with one track."""
_FRAMES: Final = {24: 24.0, 25: 25.0, 29: 30 / 1.001, 30: 30.0}
"""SMPTE frames a second."""
_LONGEST_PAUSE: Final = 0x0FFFFFFF
"""Ticks that can lie between two messages: four bytes of seven bits. mido reads on, and makes a number of any size."""
_NO_END: Final = re.compile(rb"[\x80-\xff]{4096}")
"""What a number can grow on until each byte takes longer than the one before; no text or sysex looks like this."""


class Timed(NamedTuple):
    """A message and its place."""

    tick: int
    """Since the start, in the file's own ticks."""
    track: int
    """Counted from 1."""
    message: Message | MetaMessage


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
    content = start + 8
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
    """The messages of a track, its end among them.

    mido 1.3 loses the pause before a meta message of a kind that it does not know; files hardly have such.
    """
    from mido import MidiFile

    damaged = f"track {track} is damaged"
    if _NO_END.search(chunk):
        raise ValueError(f"{damaged}: it holds a number without an end")
    try:
        messages = MidiFile(file=BytesIO(_ALONE + chunk)).tracks[0]
    except EOFError:
        raise ValueError(f"{damaged}: it breaks off within a message") from None
    except Exception as fault:  # noqa: BLE001  (mido raises whatever the bytes provoke)
        raise ValueError(f"{damaged}: mido raises {fault!r:.100}") from None
    tick = 0
    for message in messages:
        if message.time > _LONGEST_PAUSE:
            raise ValueError(f"{damaged}: it holds a time of more than four bytes")
        tick += message.time
        yield Timed(tick, track, message)
