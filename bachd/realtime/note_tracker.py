"""Turn steps into note_ons and note_offs, and track which notes sound.

Law: every note that sounds is known, with its channel; no note is struck while it sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from bachd.music.event import Event
from bachd.music.message import Message, note_off, note_on
from bachd.music.notation.voices import MOST, Voices
from bachd.music.performance.expression import Expression
from bachd.music.piece import Step

Delayed: TypeAlias = tuple[float, Message]
"""A message, and by how many ticks it comes after its step."""


@dataclass(frozen=True, slots=True)
class VoiceMix:
    """How each voice sounds, from the top."""

    levels: tuple[float, ...] = (1.0,) * MOST
    """Its velocity as a share of what it would be; 0 is silent."""
    channels: tuple[int | None, ...] = (None,) * MOST
    """The channel, 1 to 16, that is its own; None: that of its place in the chord."""

    def velocity(self, voice: int, velocity: int) -> int:
        """Return the velocity of a note of a voice, 0 if it is silent."""
        level = self.levels[voice]
        return min(127, max(1, round(velocity * level))) if level else 0


AS_WRITTEN = VoiceMix()
"""All voices are heard alike."""


class NoteTracker:
    """The notes that sound, and the messages that begin and end them."""

    def __init__(
        self, channels: Sequence[int], expression: Expression | None = None, mix: VoiceMix = AS_WRITTEN
    ) -> None:
        """channels: 1 to 16; the notes from the top go to one each, the last takes the rest.

        expression: how notes are struck; None: as they are written, but loud as metre and phrase want it.
        """
        self.sounding: dict[int, int] = {}
        """The notes that sound, with their channels, 0 to 15."""
        self._voices = Voices()
        self.use(channels, expression or Expression(Random()), mix)

    def use(self, channels: Sequence[int], expression: Expression | None = None, mix: VoiceMix = AS_WRITTEN) -> None:
        """Change channels, expression and mix from the next step on; expression: None leaves it as it is."""
        self.channels = tuple(channel - 1 for channel in channels)
        self._mix = mix
        if expression is not None:
            self._expression = expression

    def play(self, step: Step, rate: float) -> tuple[list[Delayed], list[Delayed]]:
        """Return the note_offs and the note_ons of a step; `rate` is the number of ticks in a second.

        Notes of a voice that is silent by now are ended, and not struck.
        """
        voices = self._voices_of(step)
        audible = {note for note, voice in voices.items() if self._mix.levels[voice]}
        held = tuple([note for note in step.event.held if note in self.sounding and note in audible])
        struck = tuple([note for note in step.event.sounding if note not in held])
        delay, touches = self._expression.shape(Event(struck, held, step.event.ticks), step.place, rate)
        ended = [(delay, self._off(note)) for note in tuple(self.sounding) if note not in held]
        begun = []
        for place, note in enumerate(reversed(step.event.sounding)):
            if note in struck and note in audible:
                channel = self._channel(voices[note], place)
                self.sounding[note] = channel
                touch = touches[note]
                velocity = self._mix.velocity(voices[note], touch.velocity)
                begun.append((delay + touch.late, note_on(channel, note, velocity)))
        return ended, begun

    def release_all(self) -> list[Message]:
        """Return a note_off for every note that sounds; none does afterwards."""
        return [self._off(note) for note in tuple(self.sounding)]

    def _voices_of(self, step: Step) -> dict[int, int]:
        """The voice of each note, as the page and a score show it."""
        if step.opens:
            self._voices = Voices()
        return self._voices.assign(step.event)

    def _channel(self, voice: int, place: int) -> int:
        """The channel, 0 to 15, of a note of a voice, at a place in the chord from the top."""
        own = self._mix.channels[voice]
        return self.channels[min(place, len(self.channels) - 1)] if own is None else own - 1

    def _off(self, note: int) -> Message:
        return note_off(self.sounding.pop(note), note)
