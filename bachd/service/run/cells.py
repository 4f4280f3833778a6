"""Draw notes as cells of a terminal, each with the colour of its voice, and what a person plays with its own.

Law: a cell is a sixteenth wide and two semitones high; a person's note hides a voice's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias

from rich.style import Style

from bachd.music import pitch
from bachd.realtime.output import TimedMessage

_VOICES: Final = (("#ffe08a", "#c9a227"), ("#a8e6a1", "#4f9d55"), ("#9fd3ff", "#3f7fbf"), ("#f5b0cb", "#b0507f"))
"""Colours of the voices from the top: where a note begins, and where it goes on. The last is for all below, too."""
_OWN: Final = ("#ff9d6b", "#c9562a")
"""The same of a person's notes."""
PERSON: Final = Style(color=_OWN[0], bold=True)
_PERSON: Final = -1
"""In place of a voice."""

Sound: TypeAlias = tuple[int, bool]
"""A note's voice, counted from the top, and whether it begins here."""


@dataclass(slots=True)
class Column:
    """Notes that sound in a sixteenth."""

    bar: bool = False
    """Whether a bar begins here."""
    notes: dict[int, Sound] = field(default_factory=dict)
    """By pitch."""


class LiveNotes:
    """What a person plays at the moment, and the voices that join at once."""

    def __init__(self) -> None:
        self._person: dict[int, None] = {}
        self._voices: dict[int, None] = {}
        self.expected: tuple[int, ...] = ()
        """What those voices sound next while the person holds the note."""

    def take(self, messages: Sequence[TimedMessage], is_person: bool) -> None:
        """Note what begins and ends."""
        sounding = self._person if is_person else self._voices
        for timed in messages:
            sounding.pop(timed.message.note, None)
            if timed.message.type == "note_on":
                sounding[timed.message.note] = None

    def text(self) -> str:
        """What sounds, for the title; '' for nothing."""
        sounding = self._person, self._voices, self.expected
        you, others, expected = (" ".join(map(pitch.name, sorted(notes))) for notes in sounding)
        shown = ("you", you), ("with", others), ("next", expected)
        return "".join(f"   {what} {notes}" for what, notes in shown if notes)

    def over(self, columns: Sequence[Column]) -> list[Column]:
        """Columns with what sounds in the last one."""
        if not (self._person or self._voices):
            return list(columns)
        last = columns[-1] if columns else Column()
        voices = dict.fromkeys(self._voices, (1, True))
        own = dict.fromkeys(self._person, (_PERSON, True))
        return [*columns[:-1], Column(last.bar, {**last.notes, **voices, **own})]


def cell(above: Sound | None, below: Sound | None) -> tuple[str, Style]:
    """A cell in which one or two notes sound: two half blocks."""
    if above is None:
        return "▄", _style(below, None)
    return "▀", _style(above, below)


@cache
def _style(front: Sound | None, back: Sound | None) -> Style:
    """The colours of a cell with one note in the foreground and perhaps another behind it."""
    return Style(color=_colour(front), bgcolor=_colour(back))


def _colour(sound: Sound | None) -> str | None:
    if sound is None:
        return None
    voice, begins = sound
    if voice == _PERSON:
        return _OWN[0 if begins else 1]
    return _VOICES[min(voice, len(_VOICES) - 1)][0 if begins else 1]
