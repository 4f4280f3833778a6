"""Define the guidance that the sampler gets for an event: its length, its notes, and what it may recall.

Law: a wish is a value. What must not be is masked; what is only preferred shifts the odds and never rules anything out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd.music.keys import Key
from bachd.neural.sampling.lean import Lean


@dataclass(frozen=True, slots=True)
class Chord:
    """Chord that an event has to sound: the goal of a phrase."""

    pitch_classes: frozenset[int]
    bass: int | None
    """Pitch class of its lowest note; None for any of the chord."""
    voices: int = 1
    """Notes it has at least."""
    third: int | None = None
    """Pitch class that it has, if there is one in reach and three voices or more."""
    tops: frozenset[int] = frozenset()
    """Pitch classes of which its highest note is one, if any is in reach; none for no matter which."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """Continuation of an outer line, or of the rhythm, at the like place earlier, and the odds that it returns."""

    choice: int
    """A symbol, or the index of a length."""
    odds: float
    """Of this to all else: 1 is as likely as not."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """Wishes for one event. The default leaves the network alone."""

    key: Key | None = None
    """The key that notes are drawn to; None for that of the seed."""
    firmly: bool = False
    """Whether notes are drawn to the key more than usual: the piece is about to end."""
    dominant: Key | None = None
    """The key whose dominant is about to resolve: its notes are preferred."""
    chord: Chord | None = None
    longest: int | None = None
    """Ticks the event may last at most."""
    exactly: int | None = None
    """Ticks the event has to last, as nearly as one event can."""
    may_hold: bool = True
    """Whether notes may be held from the event before."""
    may_end: bool = False
    """Whether the network may end the piece here."""
    top: Recalled | None = None
    bottom: Recalled | None = None
    least: int = 0
    """Notes that the event has at least, if there is room for them."""
    most: int | None = None
    """Notes that it has at most."""
    voices: int = 0
    """Notes after which the bottom line is expected."""
    length: Recalled | None = None
    lean: Lean | None = None
    """Towards what the piece has had too little of so far."""
    voicings: tuple[tuple[int, ...], ...] = ()
    """The only chords that may be spelled, as pitches from the top down; none for any."""

    @property
    def is_free(self) -> bool:
        """Whether the event may have a single note as well as more."""
        return self.chord is None and not self.least


FREE: Final = Guidance(may_end=True)
