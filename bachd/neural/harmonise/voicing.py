"""Set out a chord for voices below a note, one of which may be given.

Law: a voicing has all notes of its chord, the right one at the bottom, and makes no parallel fifths, octaves or
unisons.
"""

from __future__ import annotations

from typing import Final

from bachd.neural.harmonise.harmony import Harmony

WIDE: Final = 12
"""Semitones between two neighbours at most, but for the bass."""
DEEP: Final = 24
"""Semitones from the bass to its neighbour at most."""
_LEAP: Final = 12
"""Semitones that a voice leaps at most."""
_FIFTH: Final = 7
"""Semitones that the bass leaps at most, if there is a way without."""
_PERFECT: Final = (0, 7)

Voicing = tuple[int, ...]
"""Pitches from the top down."""


def voicings(
    top: int,
    harmony: Harmony,
    voices: int,
    lowest: int,
    sounded: tuple[int, ...],
    given: tuple[int, int] | None = None,
) -> tuple[Voicing, ...]:
    """Return the ways to set out a chord for so many voices, after what `sounded`, ascending; there may be none.

    lowest: the lowest pitch to play. given: the place from the top, from 0 on, of a voice below it, and its pitch.
    """
    place, fixed = (0, top) if given is None else given
    before = sounded[::-1]
    found: list[Voicing] = [(top,)]
    for left in range(voices - 1, 0, -1):
        wanted, reach = (harmony.pitch_classes, WIDE) if left > 1 else ({harmony.bass}, DEEP)
        found = [
            (*above, pitch)
            for above in found
            for pitch in range(above[-1] - 1, max(lowest, above[-1] - reach) - 1, -1)
            if pitch % 12 in wanted and (voices - left != place or pitch == fixed)
        ]
    whole = [each for each in found if len({pitch % 12 for pitch in each}) == len(harmony.pitch_classes)]
    if len(before) != voices:
        return tuple(whole)
    led = [each for each in whole if _leads(before, each, place)]
    near = [each for each in led if abs(each[-1] - before[-1]) <= _FIFTH]
    return tuple(near or led)


def _leads(before: Voicing, after: Voicing, given: int) -> bool:
    """Whether the voices may go so: none leaps too far but the top and the given one, and no two run in parallel."""
    for low in range(1, len(after)):
        if low != given and abs(after[low] - before[low]) > _LEAP:
            return False
        for high in range(low):
            interval = (after[high] - after[low]) % 12
            if (
                interval in _PERFECT
                and (before[high] - before[low]) % 12 == interval
                and before[high] != after[high]
                and before[low] != after[low]
            ):
                return False
    return True
