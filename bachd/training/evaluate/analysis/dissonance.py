"""Count dissonances by how they begin and how they resolve.

Law: a dissonance is a second, a seventh or a ninth between any two pitches, or a fourth above the bass. It is prepared
if either note was there before or came by step, and resolved if either leaves by step. Pitches are looked at, not
voices: what matters to the ear is that the next note is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from bachd.music.event import Event

_ANYWHERE: Final = (1, 2, 10, 11)
"""Semitones, octaves aside."""
_OVER_BASS: Final = (1, 2, 5, 10, 11)
_STEP: Final = 2


@dataclass(frozen=True, slots=True)
class Dissonances:
    """Some dissonances, counted where they begin."""

    all: int
    unprepared: int
    unresolved: int


def count(events: Sequence[Event], first: int = 0) -> Dissonances:
    """The dissonances of a piece from its event `first` on."""
    total = unprepared = unresolved = 0
    for index in range(first, len(events)):
        earlier = events[index - 1].sounding if index else ()
        pitches = events[index].sounding
        for low, high in combinations(pitches, 2):
            kinds = _OVER_BASS if low == pitches[0] else _ANYWHERE
            if (high - low) % 12 not in kinds or (low in earlier and high in earlier):
                continue
            total += 1
            unprepared += index > 0 and not any(_is_prepared(note, earlier, pitches) for note in (low, high))
            unresolved += not any(_is_resolved(note, events, index) for note in (low, high))
    return Dissonances(total, unprepared, unresolved)


def _is_prepared(note: int, earlier: Sequence[int], now: Sequence[int]) -> bool:
    """Whether a note was there before, or a note a step away was there that has gone."""
    return note in earlier or any(0 < abs(other - note) <= _STEP and other not in now for other in earlier)


def _is_resolved(note: int, events: Sequence[Event], index: int) -> bool:
    """Whether a note a step away starts when this one is gone, or the piece ends with it."""
    while index < len(events) and note in events[index].sounding:
        index += 1
    return index == len(events) or any(0 < abs(other - note) <= _STEP for other in events[index].starts)
