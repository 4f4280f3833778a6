"""Name what a person can steer with: a controller, a pedal, a note, a program or the pitch wheel.

Law: what a trigger reads as text, `str` writes; where in its range something stands is a number from 0 to 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bachd.midi.input.person import DOWN, SUSTAIN
from bachd.music import pitch
from bachd.music.message import Message

Kind: TypeAlias = Literal["cc", "note", "program", "bend"]

_FORM: Final = re.compile(
    r"(?:(cc|note|program)\s+(\S+)|(program|bend|pedal|sostenuto|soft))(?:\s+on\s+channel\s+([0-9]{1,2}))?",
    re.IGNORECASE,
)
_PEDALS: Final = {"pedal": SUSTAIN, "sostenuto": 66, "soft": 67}
_HIGHEST: Final = 127
_TYPES: Final = {"cc": "control_change", "note": "note_on", "program": "program_change", "bend": "pitchwheel"}
EXAMPLES: Final = "'cc 21', 'note C2', 'program 5', 'bend', 'pedal' or 'cc 21 on channel 2'"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What comes in, on one channel or on any."""

    kind: Kind
    number: int | None = None
    """Of the controller, of the note, or of the program, from 0 on; None for any program, and for the wheel."""
    channel: int | None = None
    """1 to 16; None for all."""

    @property
    def is_continuous(self) -> bool:
        """Whether it has a range to move in, and is not just struck."""
        return self.kind in ("cc", "bend") or (self.kind == "program" and self.number is None)

    def matches(self, message: Message) -> bool:
        """Whether a message comes from it; the end of a note does not."""
        if message.type != _TYPES[self.kind] or self.channel not in (None, message.channel + 1):
            return False
        return self.kind == "bend" or self.number in (None, message.data[1])

    def overlaps(self, other: Trigger) -> bool:
        """Whether one message can come from both."""
        return (
            self.kind == other.kind
            and (self.number == other.number or self.number is None or other.number is None)
            and (self.channel == other.channel or self.channel is None or other.channel is None)
        )

    def position(self, message: Message) -> float:
        """Where in its range it stands with this message of its own; a struck one at the end."""
        if self.kind == "bend":
            return message.bend / 16383
        if self.kind == "cc":
            return message.value / _HIGHEST
        return message.program / _HIGHEST if self.is_continuous else 1.0

    def is_on(self, message: Message) -> bool:
        """Whether with this message of its own it is pressed, as far as it can be."""
        return self.kind not in ("cc", "bend") or self.position(message) >= DOWN / _HIGHEST

    def __str__(self) -> str:
        if self.kind == "cc":
            name = next((word for word, number in _PEDALS.items() if number == self.number), f"cc {self.number}")
        elif self.number is None:
            name = self.kind
        else:
            name = f"{self.kind} {pitch.name(self.number) if self.kind == 'note' else self.number + 1}"
        return name if self.channel is None else f"{name} on channel {self.channel}"


def parse(text: str) -> Trigger:
    """Read a trigger, such as 'cc 21 on channel 2'. Raises ValueError, which says what is wrong with it."""
    found = _FORM.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"{text[:40]!r} is nothing to steer with; write {EXAMPLES}")
    kind, number, alone, channel = found.groups()
    on = None if channel is None else _whole(channel, 1, 16, "channel")
    if kind is None:
        word = alone.lower()
        if word in _PEDALS:
            return Trigger("cc", _PEDALS[word], on)
        return Trigger("bend" if word == "bend" else "program", None, on)
    match kind.lower():
        case "cc":
            return Trigger("cc", _whole(number, 0, 119, "controller"), on)
        case "program":
            return Trigger("program", _whole(number, 1, 128, "program") - 1, on)
        case _:
            given = _whole(number, 0, 127, "note") if number.isdecimal() else pitch.number(number)
            return Trigger("note", given, on)


def named(message: Message) -> Trigger | None:
    """Return the trigger, on its channel, that a message comes from; None for the end of a note."""
    channel = message.channel + 1
    match message.type:
        case "control_change":
            return Trigger("cc", message.control, channel)
        case "note_on":
            return Trigger("note", message.note, channel)
        case "program_change":
            return Trigger("program", message.program, channel)
        case "pitchwheel":
            return Trigger("bend", None, channel)
    return None


def _whole(text: str, low: int, high: int, what: str) -> int:
    if not (text.isdecimal() and len(text) <= 3 and low <= int(text) <= high):
        raise ValueError(f"{text[:20]!r} is no {what}; they go from {low} to {high}")
    return int(text)
