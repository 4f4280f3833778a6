"""Classify cadences: how a resting chord was reached.

Law: a cadence is two chords, the one that rests and the last triad or seventh chord before it with another root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bachd.music.event import Event
from bachd.training.evaluate.analysis.chords import Chord, chord

PERFECT, IMPERFECT, HALF, PLAGAL, DECEPTIVE = "perfect", "imperfect", "half", "plagal", "deceptive"
KINDS: Final = (PERFECT, IMPERFECT, HALF, PLAGAL, DECEPTIVE)
AUTHENTIC: Final = (PERFECT, IMPERFECT)
_LEADING_TONE: Final = ("diminished", "half-diminished seventh", "diminished seventh")


def before(events: Sequence[Event], index: int) -> tuple[Chord, int] | None:
    """The last chord before an event that has another root, and the index of its event."""
    here = chord(events[index].sounding)
    for earlier in range(index - 1, -1, -1):
        found = chord(events[earlier].sounding)
        if found and (here is None or found.root != here.root):
            return found, earlier
    return None


def kind(events: Sequence[Event], index: int, key: int) -> str | None:
    """The cadence that ends with an event, `key` (0 to 23) being the key there; None if it is none.

    Authentic is a dominant, or the triad or seventh chord on the leading note, before a major or minor triad over its
    root; perfect if both roots are in the bass and the root is in the soprano, too.
    """
    rest, led = chord(events[index].sounding), before(events, index)
    if rest is None or led is None or not rest.is_consonant:
        return None
    approach, _ = led
    tonic, minor = key % 12, key >= 12
    falls_a_fifth = approach.is_dominant and (approach.root - rest.root) % 12 == 7
    from_leading_tone = approach.quality in _LEADING_TONE and rest.root in _resolutions(approach)
    degree = (rest.root - tonic) % 12
    if rest.in_root_position and (falls_a_fifth or from_leading_tone):
        soprano = events[index].sounding[-1] % 12
        perfect = falls_a_fifth and approach.in_root_position and soprano == rest.root
        return PERFECT if perfect else IMPERFECT
    if degree == 7 and rest.quality == "major" and rest.in_root_position:
        return HALF
    if degree == 0 and rest.in_root_position and approach.is_triad and (approach.root - tonic) % 12 == 5:
        return PLAGAL
    submediant = (8, "major") if minor else (9, "minor")
    if (degree, rest.quality) == submediant and approach.is_dominant and (approach.root - tonic) % 12 == 7:
        return DECEPTIVE
    return None


def _resolutions(leading: Chord) -> tuple[int, ...]:
    """The roots of the triads that a chord on the leading note leads to; a diminished seventh has four of them."""
    if leading.quality == "diminished seventh":
        return tuple((leading.root + step) % 12 for step in (1, 4, 7, 10))
    return ((leading.root + 1) % 12,)
