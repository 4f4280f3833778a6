"""What two hands can hold on a keyboard, each a ninth.

Law: a chord is playable if the notes below some place lie within a ninth, and those above it, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bachd.music.event import Event

SPAN: Final = 14
"""Semitones that a hand spans."""
_SELDOM: Final = 0.01
"""Share of the time that a piece for two hands may have chords which they cannot hold."""


def fit(pitches: Sequence[int]) -> bool:
    """Whether two hands can hold these pitches, in ascending order: the left one takes all that it can."""
    if not pitches:
        return True
    right = [pitch for pitch in pitches if pitch - pitches[0] > SPAN]
    return not right or right[-1] - right[0] <= SPAN


def hold(events: Iterable[Event]) -> bool:
    """Whether two hands can play a piece, all but a moment."""
    time = beyond = 0
    for event in events:
        time += event.ticks
        beyond += event.ticks * (not fit(event.sounding))
    return beyond <= _SELDOM * time
