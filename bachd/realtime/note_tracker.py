"""Turn steps into note_ons and note_offs, and track which notes sound.

Law: every note that sounds is known, with its channel; no note is struck while it sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeAlias

from bachd.music.event import Event
from bachd.music.message import Message, note_off, note_on
from bachd.music.performance.expression import Expression
from bachd.music.piece import Step

Delayed: TypeAlias = tuple[float, Message]
"""A message, and by how many ticks it comes after its step."""


class NoteTracker:
    """The notes that sound, and the messages that begin and end them."""

    def __init__(self, channels: Sequence[int], expression: Expression | None = None) -> None:
        """channels: 1 to 16; the voices from the top go to one each, the last takes the rest.

        expression: how notes are struck; None: as they are written, but loud as metre and phrase want it.
        """
        self.sounding: dict[int, int] = {}
        """The notes that sound, with their channels, 0 to 15."""
        self.use(channels, expression or Expression(Random()))

    def use(self, channels: Sequence[int], expression: Expression | None = None) -> None:
        """Change channels and expression from the next step on; expression: None leaves it as it is."""
        self.channels = tuple(channel - 1 for channel in channels)
        if expression is not None:
            self._expression = expression

    def play(self, step: Step, rate: float) -> tuple[list[Delayed], list[Delayed]]:
        """Return the note_offs and the note_ons of a step; `rate` is the number of ticks in a second."""
        held = tuple([note for note in step.event.held if note in self.sounding])
        struck = tuple([note for note in step.event.sounding if note not in held])
        delay, touches = self._expression.shape(Event(struck, held, step.event.ticks), step.place, rate)
        ended = [(delay, self._off(note)) for note in tuple(self.sounding) if note not in held]
        begun = []
        for voice, note in enumerate(reversed(step.event.sounding)):
            if note in struck:
                channel = self.channels[min(voice, len(self.channels) - 1)]
                self.sounding[note] = channel
                touch = touches[note]
                begun.append((delay + touch.late, note_on(channel, note, touch.velocity)))
        return ended, begun

    def release_all(self) -> list[Message]:
        """Return a note_off for every note that sounds; none does afterwards."""
        return [self._off(note) for note in tuple(self.sounding)]

    def _off(self, note: int) -> Message:
        return note_off(self.sounding.pop(note), note)
