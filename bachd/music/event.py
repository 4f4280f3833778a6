"""Represent music as events: the notes, chord or rest from one onset to the next.

Law: an event is an immutable value; its text form and the value determine each other.

    B2   A2.G#3   ~A2.E3:0.5   R:1/3

Pitches stand low to high with '.' between them, '~' marks a note held over from the event before, and ':' gives the
length in quarter notes. A missing length means one quarter, so the tokens of the article "Play Bach" read as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Final

from bachd.music import pitch

TICKS: Final = 24
"""Ticks a quarter note: the resolution of all music here, and MIDI's own clock."""

_LENGTH: Final = re.compile(r"[0-9]+(\.[0-9]+|/[1-9][0-9]*)?")


@dataclass(frozen=True)
class Event:
    """The notes from one onset to the next. Raises ValueError for notes out of order or an empty length."""

    starts: tuple[int, ...]
    """MIDI numbers of the notes that begin here, ascending."""
    held: tuple[int, ...]
    """MIDI numbers of the notes that go on from the event before, ascending."""
    ticks: int
    """Length in ticks, 24 a quarter note; at least 1."""

    def __post_init__(self) -> None:
        for notes in (self.starts, self.held):
            if any(low >= high for low, high in pairwise(notes)):
                raise ValueError(f"notes must ascend: {notes}")
            if notes and (notes[0] < pitch.LOWEST or notes[-1] > pitch.HIGHEST):
                raise ValueError(f"notes must be MIDI numbers, 0 to 127: {notes}")
        if not set(self.starts).isdisjoint(self.held):
            raise ValueError("a note either starts or is held, not both")
        if self.ticks < 1:
            raise ValueError(f"an event lasts at least one tick, not {self.ticks}")

    @cached_property
    def sounding(self) -> tuple[int, ...]:
        """All MIDI numbers that sound during the event, ascending; empty for a rest."""
        return tuple(sorted(self.starts + self.held))

    def moved(self, semitones: int) -> Event:
        """The same so many semitones higher; what no MIDI number is left for, by octaves less."""
        if not semitones:
            return self
        starts, held = ({_fold(note + semitones) for note in notes} for notes in (self.starts, self.held))
        return Event(tuple(sorted(starts)), tuple(sorted(held - starts)), self.ticks)

    def __str__(self) -> str:
        return self.text(pitch.name)

    def text(self, name: Callable[[int], str]) -> str:
        """The text form, with names of one's own for MIDI numbers, such as 'Bb3' instead of 'A#3'."""
        held = set(self.held)
        notes = ".".join(("~" if note in held else "") + name(note) for note in self.sounding) or "R"
        return notes if self.ticks == TICKS else f"{notes}:{_print_length(self.ticks)}"


def parse(text: str) -> Event:
    """Read one event's text form, e.g. '~A2.E3:0.5'. Raises ValueError saying what is wrong with it."""
    notes, colon, length = text.strip().partition(":")
    starts: list[int] = []
    held: list[int] = []
    try:
        for item in () if notes in ("R", "r") else notes.split("."):
            (held if item.startswith("~") else starts).append(pitch.number(item.removeprefix("~")))
        return Event(tuple(sorted(starts)), tuple(sorted(held)), _parse_length(length) if colon else TICKS)
    except ValueError as fault:
        raise ValueError(f"{text!r}: {fault}") from None


def parse_line(text: str) -> tuple[Event, ...]:
    """Read several events separated by white space."""
    return tuple(parse(item) for item in text.split())


def print_line(events: Iterable[Event]) -> str:
    """Print several events on one line; the reverse of `parse_line`."""
    return " ".join(map(str, events))


def _fold(note: int) -> int:
    while note > pitch.HIGHEST:
        note -= 12
    while note < pitch.LOWEST:
        note += 12
    return note


def _print_length(ticks: int) -> str:
    if ticks % 3:
        return str(Fraction(ticks, TICKS))
    quarters, rest = divmod(ticks, TICKS)
    return str(quarters) + f"{rest / TICKS:.3f}"[1:].rstrip("0").rstrip(".")  # three decimals say any eighth exactly


def _parse_length(text: str) -> int:
    if not _LENGTH.fullmatch(text):
        raise ValueError(f"{text!r} is not a length in quarter notes such as '0.5' or '1/3'")
    ticks = Fraction(text) * TICKS
    if ticks.denominator != 1:
        raise ValueError(f"a length is a multiple of 1/{TICKS} quarter note, not {text}")
    return int(ticks)
