"""Define a piece (events on a grid of bars) and a step (one event on its way to the player).

Law: the first event starts at tick 0, and each starts where the one before ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.music.metre import Grid, Place


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole piece, as read from a .mid file or the training corpus."""

    name: str
    events: tuple[Event, ...]
    grid: Grid
    bpm: float | None = None
    """Quarter notes a minute at the start, if the file says so."""

    @property
    def ticks(self) -> int:
        """Length in ticks."""
        return sum(event.ticks for event in self.events)

    def placed(self) -> Iterator[tuple[Event, Place]]:
        """Each event with the place of its onset."""
        onsets = accumulate((event.ticks for event in self.events), initial=0)
        for event, tick in zip(self.events, onsets, strict=False):
            yield event, self.grid.place(tick)

    def first_bars(self, bars: int) -> tuple[Event, ...]:
        """The events of the upbeat, if there is one, and of the first `bars` full bars, cut at the bar line."""
        limit = self.grid.bar_tick(bars + (1 if self.grid.upbeat else 0))
        taken, tick = [], 0
        for event in self.events:
            if tick >= limit:
                break
            taken.append(Event(event.starts, event.held, min(event.ticks, limit - tick)))
            tick += event.ticks
        return tuple(taken)


Chance: TypeAlias = tuple[Event | None, float]
"""An event that could come, None for the end of the piece, and its probability."""


class Origin(Enum):
    """Source of an event."""

    SEED = "seed"
    MODEL = "model"
    BREATH = "breath"
    """The rest between two pieces."""


@lru_cache(512)
def _moved(event: Event, semitones: int) -> Event:
    """The same object for the same event, so that what is planned is known again when it is played."""
    return event.moved(semitones)


@dataclass(frozen=True, slots=True)
class Step:
    """One event on its way to the player."""

    event: Event
    place: Place
    """Of the event's onset."""
    origin: Origin
    piece: str
    """Name of the seed piece this music grew from."""
    opens: bool = False
    """Whether the event is the first of its piece."""
    pace: float = 1.0
    """How fast to play it, as a share of the tempo."""
    chances: tuple[Chance, ...] = ()
    """What else could have come, the likeliest first; empty unless alternatives are recorded."""
    key: Key | None = None
    """Of its piece; None where it is not known."""
    upbeat: bool = False
    """Whether its piece begins with an upbeat."""

    tempo: float | None = None
    """Quarter notes a minute that suit its piece; None where that is not known."""
    phrase: tuple[int, int] | None = None
    """Ticks of its phrase before it, and all of them; None where no phrases are planned."""

    def moved(self, semitones: int) -> Step:
        """The same so many semitones higher, in the key that it is then in."""
        if not semitones:
            return self
        key = self.key and Key((self.key.tonic + semitones) % 12, self.key.minor)
        chances = tuple((event and _moved(event, semitones), p) for event, p in self.chances)
        return replace(self, event=_moved(self.event, semitones), key=key, chances=chances)

    @property
    def bar_number(self) -> int:
        """The number of its bar in a score: the first full bar is 1, and an upbeat 0."""
        return self.place.bar + (0 if self.upbeat else 1)

    @property
    def reaches_bar(self) -> bool:
        """Whether a bar line comes before its end or with it, so that the next step is the first in a new bar."""
        return self.place.phase + self.event.ticks >= self.place.metre.bar
