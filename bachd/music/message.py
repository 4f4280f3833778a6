"""Represent a MIDI message as a value: its bytes, and accessors for their meaning.

Law: nothing is imported for it. mido knows the same messages by the same names, but to import it takes a sixth of the
time from the start of the process to the first note; so it is left to those who write whole pieces.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Final

META: Final = 0xFF
"""First byte of what is said in files alone: tempo, metre, names."""
_MARKER: Final = 0x06
_TEMPO: Final = 0x51
_METRE: Final = 0x58
_KEY: Final = 0x59
_SLOWEST: Final = 0xFFFFFF
"""Microseconds of the longest quarter note that three bytes can tell."""
_CLICK: Final = 24
"""MIDI clocks a click of the metronome, unless a file says otherwise."""
_THIRTY_SECONDS: Final = 8
"""Thirty-second notes a quarter: what they are for everybody."""

_CHANNEL: Final = {
    0x80: "note_off",
    0x90: "note_on",
    0xA0: "polytouch",
    0xB0: "control_change",
    0xC0: "program_change",
    0xD0: "aftertouch",
    0xE0: "pitchwheel",
}
_SYSTEM: Final = {
    0xF0: "sysex",
    0xF2: "songpos",
    0xF8: "clock",
    0xFA: "start",
    0xFB: "continue",
    0xFC: "stop",
}
_META: Final = {
    0x01: "text",
    0x02: "copyright",
    _MARKER: "marker",
    _TEMPO: "set_tempo",
    _METRE: "time_signature",
    _KEY: "key_signature",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message. What a kind has no room for, such as the note of a tempo, must not be asked of it."""

    data: builtins.bytes
    """As it is sent; a meta message as it stands in a file, its length included."""

    @property
    def is_meta(self) -> bool:
        """Whether it is for files, and is not sent."""
        return self.data[0] == META

    @property
    def type(self) -> str:
        """Its kind in mido's words; 'other' for those that mean nothing here."""
        status = self.data[0]
        if status < 0xF0:
            return _CHANNEL[status & 0xF0]
        return _SYSTEM.get(status, "other") if status < META else _META.get(self.data[1], "other")

    def bytes(self) -> builtins.bytes:
        """The same as `data`."""
        return self.data

    @property
    def channel(self) -> int:
        """0 to 15."""
        return self.data[0] & 0x0F

    @property
    def note(self) -> int:
        """MIDI number."""
        return self.data[1]

    @property
    def velocity(self) -> int:
        """0 to 127; a note_on with 0 ends a note."""
        return self.data[2]

    @property
    def control(self) -> int:
        """The number of a control_change's controller."""
        return self.data[1]

    @property
    def value(self) -> int:
        """Value of a control_change."""
        return self.data[2]

    @property
    def program(self) -> int:
        """0 to 127."""
        return self.data[1]

    @property
    def bend(self) -> int:
        """Where a pitchwheel stands, 0 to 16383; 8192 is the middle."""
        return self.data[1] | self.data[2] << 7

    @property
    def pos(self) -> int:
        """Sixteenths that a songpos counts from the beginning."""
        return self.data[1] | self.data[2] << 7

    @property
    def tempo(self) -> int:
        """Microseconds a quarter note."""
        return int.from_bytes(self.content[:3])

    @property
    def numerator(self) -> int:
        """Of a time signature."""
        return self.content[0]

    @property
    def denominator(self) -> int:
        """Of a time signature; in a damaged file, a very large number."""
        return 1 << self.content[1]

    @property
    def text(self) -> str:
        """Text of a text, copyright or marker event: UTF-8, or else Latin-1, as older programs write it."""
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError:
            return self.content.decode("latin-1")

    @property
    def content(self) -> builtins.bytes:
        """Data of a meta event."""
        start = 2
        while self.data[start] & 0x80:
            start += 1
        return self.data[start + 1 :]


CLOCK: Final = Message(b"\xf8")
START: Final = Message(b"\xfa")
CONTINUE: Final = Message(b"\xfb")
STOP: Final = Message(b"\xfc")


def note_on(channel: int, note: int, velocity: int) -> Message:
    """A note begins; channel: 0 to 15."""
    return _message(0x90 | channel, note, velocity)


def note_off(channel: int, note: int) -> Message:
    """A note ends; channel: 0 to 15. Its velocity is the usual one, which no synth heeds."""
    return _message(0x80 | channel, note, 64)


def control_change(channel: int, control: int, value: int) -> Message:
    """A controller is put to a value; channel: 0 to 15."""
    return _message(0xB0 | channel, control, value)


def pitch_bend(channel: int, bend: int) -> Message:
    """The pitch wheel is moved; channel: 0 to 15, bend: 0 to 16383, 8192 in the middle."""
    return _message(0xE0 | channel, bend & 0x7F, bend >> 7)


def program_change(channel: int, program: int) -> Message:
    """Change the sound; channel: 0 to 15, program: 0 to 127."""
    return _message(0xC0 | channel, program)


def bank_select(channel: int, bank: int) -> tuple[Message, Message]:
    """Select the bank of the next program change, MSB x 128 + LSB; channel: 0 to 15."""
    return control_change(channel, 0, bank >> 7), control_change(channel, 32, bank & 0x7F)


def songpos(sixteenths: int) -> Message:
    """Set the song position, in sixteenths from the start: 0 to 16383."""
    return _message(0xF2, sixteenths & 0x7F, sixteenths >> 7)


def set_tempo(bpm: float) -> Message:
    """Set the tempo of a file, in quarter notes a minute; 3.6 is the slowest that fits."""
    return meta(_TEMPO, min(_SLOWEST, round(60e6 / bpm)).to_bytes(3))


def time_signature(beats: int, unit: int, click: int = _CLICK) -> Message:
    """A metre, for a file; unit: a power of two, 4 for quarters; click: MIDI clocks a click of the metronome."""
    return meta(_METRE, bytes((beats, unit.bit_length() - 1, click, _THIRTY_SECONDS)))


def key_signature(sharps: int, *, minor: bool) -> Message:
    """A key, for a file; sharps: -7 to 7, flats are less than 0."""
    return meta(_KEY, bytes((sharps & 0xFF, int(minor))))


def marker(text: str) -> Message:
    """A name for what begins here, for a file."""
    return meta(_MARKER, text.encode("utf-8", "replace"))


def meta(kind: int, content: bytes) -> Message:
    """A meta message of any kind."""
    return Message(bytes((META, kind)) + variable(len(content)) + content)


def variable(number: int) -> bytes:
    """A number as .mid files write it: seven bits a byte, the highest first, all but the last marked.

    Raises ValueError for a negative one, which has no end.
    """
    if number < 0:
        raise ValueError(f"a variable-length quantity is not negative: {number}")
    data = [number & 0x7F]
    while number := number >> 7:
        data.append(0x80 | (number & 0x7F))
    return bytes(reversed(data))


def _message(status: int, *content: int) -> Message:
    """Raises ValueError for what is no byte of a message: a fault in the program, and better found here."""
    data = bytes((status, *content))
    if max(content) > 0x7F:
        raise ValueError(f"no MIDI message: {data.hex(' ')}")
    return Message(data)
