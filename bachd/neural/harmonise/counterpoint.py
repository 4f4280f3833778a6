"""Give the ways to embellish a chord: passing notes and neighbours off the beat, suspensions on it.

Law: the top voice is never moved; a note that is no part of its chord comes by step and can go on by step, whatever
follows; voices do not cross, and no two run in parallel fifths, octaves or unisons.

The rules are those of the second and fourth species of Fux, "Gradus ad Parnassum" (1725), as Aldwell and Schachter,
"Harmony and Voice Leading", give them for chorales: what passes is unaccented; what is suspended sounded before, is
held into a beat, and goes a step down.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from bachd.music.keys import Key
from bachd.music.voices import Voices, parallels

_MAJOR: Final = frozenset({0, 2, 4, 5, 7, 9, 11})
_MINOR_UP: Final = frozenset({0, 2, 3, 5, 7, 9, 11})
_MINOR_DOWN: Final = frozenset({0, 2, 3, 5, 7, 8, 10})
_LEADING: Final = 11
"""Semitones from the tonic up to the leading note, which does not go down."""
_BOTH: Final = ({8, 9}, {10, 11})
"""The sixth and the seventh degree of a minor key with what they are when they are raised."""
_HARSH: Final = (1, 13)
"""Semitones between two voices that a figure does not make."""
_TOGETHER: Final = (3, 4, 8, 9)
"""Intervals, octaves aside, in which two voices may step the same way."""
_SUSPENDED: Final = {5: (3, 4), 10: (8, 9), 11: (9, 8), 2: (0,)}
"""Intervals above the bass that are suspended, and those in which they are resolved: 4-3, 7-6, 9-8."""
STEP: Final = 2
"""Semitones of the widest step."""


def steps(pitch: int, key: Key) -> Iterator[int]:
    """Yield the next notes of the key above and below a pitch that may follow it by step."""
    degree = (pitch - key.tonic) % 12
    for way, scale in ((1, _MINOR_UP if key.minor else _MAJOR), (-1, _MINOR_DOWN if key.minor else _MAJOR)):
        if way < 0 and degree == _LEADING:
            continue
        for by in range(1, STEP + 1):
            if (degree + way * by) % 12 in scale and {degree, degree + way * by} not in _BOTH:
                yield pitch + way * by
                break


def figures(chord: Voices, key: Key, lowest: int) -> list[Voices]:
    """Return the ways to move one or two of the voices below the top by step, while the others stay.

    lowest: the lowest pitch to play.
    """
    moves = [
        (voice, pitch)
        for voice, (below, now, above) in enumerate(zip((lowest - 1, *chord), chord, chord[1:], strict=False))
        for pitch in steps(now, key)
        if below < pitch < above
    ]
    found = [_moved(chord, (move,)) for move in moves]
    found += [_moved(chord, pair) for pair in combinations(moves, 2) if _may_go_together(chord, *pair)]
    return [each for each in found if _sounds_well(chord, each) and not _has_cross_relation(each, key)]


def suspensions(before: Voices, chord: Voices) -> list[Voices]:
    """Return the ways to hold a note of the chord before into this one, from where it goes a step down."""
    if len(before) != len(chord):
        return []
    found = []
    for voice in range(1, len(chord) - 1):
        held, goal, bass = before[voice], chord[voice], chord[0]
        others = {pitch % 12 for place, pitch in enumerate(chord) if place != voice}
        resolved = _SUSPENDED.get((held - bass) % 12, ())
        if (
            0 < held - goal <= STEP
            and held < chord[voice + 1]
            and (goal - bass) % 12 in resolved
            and (goal % 12 not in others or goal % 12 == bass % 12)
        ):
            found.append(_moved(chord, ((voice, held),)))
    return found


def _moved(chord: Voices, moves: tuple[tuple[int, int], ...]) -> Voices:
    found = list(chord)
    for voice, pitch in moves:
        found[voice] = pitch
    return tuple(found)


def _may_go_together(chord: Voices, one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two voices may step at once: in thirds, sixths or tenths, or in contrary motion to a consonance."""
    (low, to_low), (high, to_high) = one, other
    return low != high and to_low < to_high and (to_high - to_low) % 12 in _TOGETHER


def _has_cross_relation(chord: Voices, key: Key) -> bool:
    """Whether a degree of a minor key sounds both raised and as it is."""
    degrees = {(pitch - key.tonic) % 12 for pitch in chord}
    return key.minor and any(pair <= degrees for pair in _BOTH)


def _sounds_well(chord: Voices, moved: Voices) -> bool:
    before, after = combinations(chord, 2), combinations(moved, 2)
    harsh = any(pair[1] - pair[0] in _HARSH and pair != was for was, pair in zip(before, after, strict=True))
    return not harsh and not parallels(chord, moved)
