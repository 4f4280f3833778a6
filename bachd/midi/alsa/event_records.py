"""Encode MIDI messages as records of the kernel's sequencer, 28 bytes each, any number of which go into one write.

Law: what is here is the kernel's own format (struct snd_seq_event in sound/asequencer.h), byte for byte.

alsa-lib would build the same bytes, and read them; through its bindings a message costs ten times as much, on a thread
that is to hand over a chord in time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, TypeAlias

_HEAD: Final = struct.Struct("=BBbBIIBBBB")
"""Type, flags, tag, queue; seconds and nanoseconds; client and port of the sender, and of the one addressed."""
_NOTE: Final = struct.Struct("=BBBx8x")
"""Channel, note, velocity."""
_CONTROL: Final = struct.Struct("=B3xIi")
"""Channel, parameter, value."""
SIZE: Final = _HEAD.size + _NOTE.size

_REAL_TIME: Final = 1
"""SNDRV_SEQ_TIME_STAMP_REAL, absolute, of fixed length."""
Address: TypeAlias = tuple[int, int]
"""Client and port number; other ones after each plug."""
SUBSCRIBERS: Final[Address] = (254, 253)
"""All ports that are subscribed at the time."""
_NOTES: Final = {0x80: 7, 0x90: 6, 0xA0: 8}
_STATUSES: Final = {7: 0x80, 6: 0x90}
_SYSTEM: Final = {0xF8: 36, 0xFA: 30, 0xFB: 31, 0xFC: 32, 0xFE: 42, 0xFF: 41}
"""Clock, start, continue, stop; active sensing, reset."""
_SYSTEM_STATUSES: Final = {kind: status for status, kind in _SYSTEM.items()}
_SONGPOS: Final = 0xF2
_CONTROLLER, _PROGRAM, _PRESSURE, _BEND, _POSITION = 10, 11, 12, 13, 20


def record(data: bytes, moment: float, queue: int, sender: Address, to: Address = SUBSCRIBERS) -> bytes:
    """Return a message from our port to another, or to all subscribed to ours, at a moment of a queue, in seconds.

    Raises ValueError for system exclusive and other messages that no music needs.
    """
    kind, body = _body(data)
    seconds = int(moment)
    nanoseconds = min(999_999_999, round(1e9 * (moment - seconds)))
    return _HEAD.pack(kind, _REAL_TIME, 0, queue, seconds, nanoseconds, *sender, *to) + body


def notes(records: bytes) -> Iterator[tuple[float, bytes]]:
    """Yield what has been read: each note_on and note_off in it, with the seconds by which a queue has dated it."""
    for at in range(0, len(records), SIZE):
        kind, _, _, _, seconds, nanoseconds, *_ = _HEAD.unpack_from(records, at)
        if kind in _STATUSES:
            channel, note, velocity = _NOTE.unpack_from(records, at + _HEAD.size)
            yield seconds + 1e-9 * nanoseconds, bytes((_STATUSES[kind] | channel, note, velocity))


def message(kind: int, body: bytes) -> bytes | None:
    """Return the MIDI message of a record that was read: its type, and its last 12 bytes. None if it holds none."""
    if kind in _STATUSES:
        channel, note, velocity = _NOTE.unpack_from(body)
        return bytes((_STATUSES[kind] | channel & 0x0F, note & 0x7F, velocity & 0x7F))
    if kind in _SYSTEM_STATUSES:
        return bytes((_SYSTEM_STATUSES[kind],))
    channel, parameter, value = _CONTROL.unpack_from(body)
    if kind == _CONTROLLER:
        return bytes((0xB0 | channel & 0x0F, parameter & 0x7F, value & 0x7F))
    if kind == _PROGRAM:
        return bytes((0xC0 | channel & 0x0F, value & 0x7F))
    if kind == _BEND:
        bent = min(16383, max(0, value + 8192))
        return bytes((0xE0 | channel & 0x0F, bent & 0x7F, bent >> 7))
    return bytes((_SONGPOS, value & 0x7F, value >> 7 & 0x7F)) if kind == _POSITION else None


def _body(data: bytes) -> tuple[int, bytes]:
    """Return the record's type, and its last 12 bytes."""
    status = data[0]
    if status in _SYSTEM:
        return _SYSTEM[status], bytes(_CONTROL.size)
    if status == _SONGPOS:
        return _POSITION, _CONTROL.pack(0, 0, data[1] | data[2] << 7)
    kind, channel = status & 0xF0, status & 0x0F
    if kind in _NOTES:
        return _NOTES[kind], _NOTE.pack(channel, data[1], data[2])
    if kind == 0xB0:
        return _CONTROLLER, _CONTROL.pack(channel, data[1], data[2])
    if kind == 0xC0:
        return _PROGRAM, _CONTROL.pack(channel, 0, data[1])
    if kind == 0xD0:
        return _PRESSURE, _CONTROL.pack(channel, 0, data[1])
    if kind == 0xE0:
        return _BEND, _CONTROL.pack(channel, 0, (data[1] | data[2] << 7) - 8192)
    raise ValueError(f"no event for {data.hex()}")
