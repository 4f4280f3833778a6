"""Define the plan of a piece: its phrases, their goals and keys, and what returns.

Law: a plan is a value. It names places in ticks, so that the composer can look up at any moment what comes next, and
how far it is until then.

A phrase runs from `begin` to `end` and arrives at `goal`, a strong beat, with its cadence. In music that breathes, as
a chorale does, the chord there is held until `end`; in music that flows, the next phrase may begin with it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bachd.music.event import TICKS
from bachd.music.form.habits import Cadence
from bachd.music.keys import Key
from bachd.music.metre import Metre, Place

_NOTES: Final = tuple(TICKS * eighths // 2 for eighths in (4, 6, 8, 12, 16))
"""Ticks that the last chord of a piece may last: a half note, with a dot, and longer."""
_PHRASE_BARS: Final = 4
_PHRASE_QUARTERS: Final = 16
"""Bars of a phrase, and quarters that so many are at most."""


class Line(Enum):
    """One of the two outer lines."""

    TOP = "top"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Quote:
    """Some music that is to return: from `at` on, the lines do what they did, or the other did, from `source` on."""

    at: int
    """Tick at which it begins."""
    source: int
    """Tick from which on it is taken; what lies there need not be composed yet when it is planned."""
    ticks: int
    """For how long."""
    line: Line | None = None
    """The line that takes it up; None for both, each its own."""
    of: Line | None = None
    """The line that it is taken from."""
    steps: int = 0
    """Steps of the scale by which it is moved."""
    key: Key | None = None
    """The key in which it is taken up; None for that of its source."""
    was: Key | None = None
    """The key of its source; None for that of the piece."""
    scale: Key | None = None
    """Of a sequence: the key to whose scale it keeps, without alterations; None for other quotes."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of music that goes somewhere."""

    begin: int
    goal: int
    """Tick at which its last chord begins, on a strong beat."""
    end: int
    """Tick at which the next phrase begins; `goal` or later."""
    key: Key
    """The key in which it closes."""
    cadence: Cadence
    theme: str
    """A letter; two phrases have the same if the later takes up the earlier."""

    def place(self, tick: int) -> tuple[int, int]:
        """Return how many of its ticks lie before `tick`, and how many it has."""
        return max(0, tick - self.begin), self.end - self.begin


@dataclass(frozen=True, slots=True)
class Form:
    """Plan of one piece."""

    home: Key
    begin: int
    """Tick at which what is planned begins: the end of the seed."""
    phrases: tuple[Phrase, ...]
    """Without gaps; the last one ends the piece."""
    quotes: tuple[Quote, ...] = ()
    """In the order in which they begin."""
    picardy: bool = False
    """Whether a piece in minor ends with a major chord."""
    opening: tuple[Phrase, ...] = ()
    """The phrases before `begin`, as they are written."""

    def phrase(self, tick: int) -> int:
        """Index of the phrase that `tick` lies in; the last one for all that comes after."""
        return min(len(self.phrases) - 1, bisect_right(self.phrases, tick, key=lambda phrase: phrase.begin) - 1)

    def at(self, tick: int) -> Phrase:
        """The phrase that `tick` lies in, of the opening, too; the last one for all that comes after."""
        every = (*self.opening, *self.phrases)
        return every[max(0, bisect_right(every, tick, key=lambda phrase: phrase.begin) - 1)]

    def share(self, tick: int) -> float:
        """Share of the piece before `tick`, 0 to 1."""
        return min(1.0, tick / self.phrases[-1].end)

    def quotes_at(self, tick: int) -> list[Quote]:
        """Return the quotes that cover `tick`."""
        return [quote for quote in self.quotes if quote.at <= tick < quote.at + quote.ticks]


def strong(metre: Metre, phase: int) -> bool:
    """Whether a beat at `phase` is strong: the first, or the middle of a bar in two halves."""
    halves = metre.beats % 2 == 0 and metre.bar > 2 * TICKS
    return phase == 0 or (halves and 2 * phase == metre.bar)


def last_ticks(room: int, metre: Metre) -> int:
    """Ticks of a last chord that fits into `room`, if possible; a half note at least, unless bars are very short."""
    return max([ticks for ticks in _NOTES if ticks <= room], default=min(_NOTES[0], 2 * metre.bar))


def close_at(tick: int, home: Key, metre: Metre) -> Form:
    """The plan of a piece that has to end with the chord that begins at `tick`."""
    end = tick + last_ticks(metre.bar, metre)
    return Form(home, tick, (Phrase(tick, tick, end, home, Cadence.FINAL, "A"),))


def usual_ticks(metre: Metre) -> int:
    """Ticks of a phrase where nothing is known of it: four bars, or as many as make about as much music."""
    return max(1, min(_PHRASE_BARS, _PHRASE_QUARTERS * TICKS // metre.bar)) * metre.bar


def breath(place: Place, upbeat: int, most: int) -> int:
    """Ticks of rest from `place`, where a piece has ended, to the next one, whose first full bar begins on a bar line.

    upbeat: ticks of the next piece's. most: ticks of silence there may be. Two quarters are a second at 120 bpm.
    """
    bar = place.metre.bar
    rest = -place.phase % bar + bar - upbeat
    while rest < 2 * TICKS:
        rest += bar
    while rest > most:
        rest -= bar
    return max(0, rest)
