"""Turn the messages that come in into what a person does: keys, pedals, controllers and programs.

Law: each key that goes down comes up again, whatever the keyboard, its cable or its driver does; a key that is down
does not go down twice. What bachd has sent itself, and what is on other channels, is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from bachd.midi.input.echo import EchoFilter
from bachd.music.message import Message, control_change, note_off, pitch_bend

SUSTAIN: Final = 64
"""The controller of the right pedal (MIDI 1.0 Detailed Specification, table III)."""
PEDALS: Final = (SUSTAIN, 66, 67)
"""Sustain, sostenuto and soft."""
DOWN: Final = 64
"""A switch is on from this value on."""
_ALL_OFF: Final = (120, *range(123, 128))
"""All sound off and all notes off, and the modes that mean the latter, too."""
_CENTRE: Final = 8192
_KINDS: Final = frozenset(("note_on", "note_off", "control_change", "program_change", "pitchwheel"))

_Of: TypeAlias = tuple[str, int, int]
"""A sender, a channel from 0 on, and a key or a controller."""


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """Something that a person did."""

    moment: float
    """When, in monotonic seconds."""
    message: Message
    """A note_on that is louder than 0, a note_off, a control_change, a program_change or a pitchwheel."""
    source: str
    """The port that it came from, for people."""


class Person:
    """The state of all keyboards together. For one thread."""

    def __init__(self, channels: Collection[int] | None = None, echo: EchoFilter | None = None) -> None:
        """channels: 1 to 16, those that are listened to; None for all. echo: knows what was sent."""
        self._channels = channels
        self._echo = echo or EchoFilter()
        self._down: dict[_Of, None] = {}
        self._set: dict[_Of, None] = {}  # pedals that are down, and wheels that are bent

    def receive(self, moment: float, data: bytes, source: str) -> list[PersonEvent]:
        """Return what a message means that came in; see `Receive` in realtime/input.py."""
        return [PersonEvent(moment, message, source) for message in self._meant(moment, data, source)]

    def release(self, moment: float) -> list[PersonEvent]:
        """Return what lets go of everything, as if all keyboards were gone."""
        sources = dict.fromkeys(source for source, _, _ in (*self._down, *self._set))
        return [event for source in sources for event in self.receive(moment, b"", source)]

    def _meant(self, moment: float, data: bytes, source: str) -> Iterator[Message]:
        if not data:
            yield from self._let_go(source)
            return
        message = Message(data)
        if message.type not in _KINDS or (self._channels is not None and message.channel + 1 not in self._channels):
            return
        if message.type in ("note_on", "note_off"):
            yield from self._key(moment, message, source)
        elif message.type == "control_change" and message.control in _ALL_OFF:
            yield from self._keys_up(source, message.channel)
        else:
            self._remember(message, source)
            yield message

    def _key(self, moment: float, message: Message, source: str) -> Iterator[Message]:
        key = (source, message.channel, message.note)
        begins = message.type == "note_on" and message.velocity > 0
        if begins and self._echo.is_echo(moment, message):
            return
        if key in self._down:
            del self._down[key]
            yield note_off(message.channel, message.note)
        if begins:
            self._down[key] = None
            yield message

    def _remember(self, message: Message, source: str) -> None:
        """Note what has to be taken back if the keyboard goes."""
        if message.type == "control_change" and message.control in PEDALS:
            key, is_set = (source, message.channel, message.control), message.value >= DOWN
        elif message.type == "pitchwheel":
            key, is_set = (source, message.channel, -1), message.bend != _CENTRE
        else:
            return
        self._set.pop(key, None)
        if is_set:
            self._set[key] = None

    def _keys_up(self, source: str, channel: int | None = None) -> Iterator[Message]:
        for key in [key for key in self._down if key[0] == source and channel in (None, key[1])]:
            del self._down[key]
            yield note_off(key[1], key[2])

    def _let_go(self, source: str) -> Iterator[Message]:
        yield from self._keys_up(source)
        for key in [key for key in self._set if key[0] == source]:
            del self._set[key]
            _, channel, control = key
            yield pitch_bend(channel, _CENTRE) if control < 0 else control_change(channel, control, 0)
