"""Detect cadences: chords that can end a piece, and those that end a phrase.

Law: what a cadence is stands here and nowhere else, and follows from the events around it alone.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.metre import Place

_TRIADS: Final = (frozenset({0, 4, 7}), frozenset({0, 3, 7}))
_FOURTH_UP: Final = 5
_FIFTH_DOWN: Final = -7
_VOICES: Final = 4
"""Fewer make no chord that could be told from a passing one."""
_STRUCK: Final = 3
"""Of them, so many move on to the last chord of a phrase; one may have been there before."""
_LONG: Final = 3 * TICKS // 2
"""Ticks from which a resting chord ends a phrase, whatever led to it."""


def rests(event: Event) -> bool:
    """Whether an event is a triad over its root, or part of one, of a quarter note or more."""
    pitches = event.sounding
    if not pitches or event.ticks < TICKS:
        return False
    above = {(pitch - pitches[0]) % 12 for pitch in pitches}
    return any(above <= triad for triad in _TRIADS)


def ends_phrase(before: Event, event: Event, place: Place, after: Event) -> bool:
    """Whether a phrase of four voices or more ends with `event`, which begins at `place` between the other two.

    It rests, all voices start anew after it, and it is long, or falls on a strong beat while the bass goes from the
    dominant to the tonic: up a fourth or down a fifth. Of what it finds in the 362 chorales with fermatas that music21
    has, 88 % is under a fermata, and of the 2,011 fermatas within them it finds 60 %.
    """
    if len(event.sounding) < _VOICES or len(event.starts) < _STRUCK or after.held or not rests(event):
        return False
    if event.ticks >= _LONG:
        return True
    strong = place.phase in (0, place.metre.bar / 2)
    return strong and bool(before.sounding) and event.sounding[0] - before.sounding[0] in (_FOURTH_UP, _FIFTH_DOWN)
