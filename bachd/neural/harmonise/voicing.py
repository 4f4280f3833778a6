"""Set out a chord for voices below a note, one of which may be given.

Law: a voicing has all notes of its chord, the right one at the bottom, and makes no parallel fifths, octaves or
unisons. Of several, the one is taken that moves least (Aldwell and Schachter, "Harmony and Voice Leading").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from bachd.music.keys import Key
from bachd.neural.harmonise.counterpoint import STEP
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
_LEADING: Final = 11
"""Semitones from the tonic up to the leading note."""
RANGES: Final = ((0, 127), (53, 127), (48, 67), (0, 62))
"""Lowest and highest pitch of soprano, alto, tenor and bass in which they sound well; the soprano's is not ours."""
_USUAL: Final = (71, 65, 60, 51)
"""Where the voices are in the mean in Bach's chorales."""
_WIDEST: Final = 4
"""Semitones that an inner voice moves without a leap."""
_LEAPS, _OVERLAP, _DOUBLED, _RETURNS, _STAYS, _DEBT = 3, 4, 6, 4, 2, 20
"""What it costs, in semitones, that a voice leaps, moves past its neighbour, doubles the leading note, or, owing a
step, returns, stays or leaps."""

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
    place, fixed = given or (0, top)
    before, whole = sounded[::-1], _complete(top, harmony, voices, lowest, place, fixed)
    if len(before) != voices:
        return whole
    led = [each for each in whole if _leads(before, each, place)]
    near = [each for each in led if abs(each[-1] - before[-1]) <= _FIFTH]
    return tuple(near or led)


def has_room(
    top: int, harmony: Harmony, voices: int, lowest: int, sounded: tuple[int, ...], stepping: Iterable[int]
) -> bool:
    """Whether a chord can be set out so that some voices, counted from the bottom, move by step or stay."""
    before = sounded[::-1]
    places = [voices - 1 - voice for voice in stepping]
    return any(
        all(abs(each[place] - before[place]) <= STEP for place in places) and _leads(before, each, 0)
        for each in _complete(top, harmony, voices, lowest, 0, top)
    )


@lru_cache(maxsize=256)
def _complete(top: int, harmony: Harmony, voices: int, lowest: int, place: int, fixed: int) -> tuple[Voicing, ...]:
    """Return all ways to set out a chord with all of its notes, and one at `place` from the top that is given."""
    found: list[Voicing] = [(top,)]
    for left in range(voices - 1, 0, -1):
        wanted, reach = (harmony.pitch_classes, WIDE) if left > 1 else ({harmony.bass}, DEEP)
        found = [
            (*above, pitch)
            for above in found
            for pitch in range(above[-1] - 1, max(lowest, above[-1] - reach) - 1, -1)
            if pitch % 12 in wanted and (voices - left != place or pitch == fixed)
        ]
    return tuple([each for each in found if len({pitch % 12 for pitch in each}) == len(harmony.pitch_classes)])


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


def smoothest(
    found: Sequence[Voicing], sounded: tuple[int, ...], key: Key, ways: Mapping[int, int]
) -> tuple[Voicing, bool]:
    """Return the voicing that moves least, and whether the voices in `ways` go on by step in it.

    found: at least one. key: its leading note is not doubled. ways: voices from the bottom that have to go on by step,
    with the direction from which they came, 1 or -1.
    """
    before = sounded[::-1]
    if len(before) != len(found[0]):
        return min(found, key=_strain), True
    owed = {len(before) - 1 - voice: way for voice, way in ways.items()}
    costs = [_motion(before, each) + _faults(before, each, key) + _debts(before, each, owed) for each in found]
    strains = [_strain(each) + abs(each[-1] - before[-1]) for each in found]
    least, _, best = min(zip(costs, strains, found, strict=True))
    return best, least < _DEBT


def _strain(chord: Voicing) -> int:
    """Semitones by which the voices are away from where, and as far apart as, they usually are."""
    if len(chord) != len(_USUAL):
        return 0
    places = sum(abs(pitch - usual) for pitch, usual in zip(chord[1:], _USUAL[1:], strict=True))
    gaps = zip(pairwise(chord), pairwise(_USUAL), strict=True)
    return places + sum(abs(high - low - (above - below)) for (high, low), (above, below) in gaps)


def _motion(before: Voicing, after: Voicing) -> int:
    """Semitones that the inner voices move; leaps count for more."""
    steps = [abs(after[voice] - before[voice]) for voice in range(1, len(after) - 1)]
    return sum(steps) + _LEAPS * sum(step > _WIDEST for step in steps)


def _faults(before: Voicing, after: Voicing, key: Key) -> int:
    """Overlaps, a leading note that is doubled, and voices out of their ranges."""
    overlaps = sum(
        low > high_before or high < low_before
        for high, low, high_before, low_before in zip(after, after[1:], before, before[1:], strict=False)
    )
    doubled = sum((pitch - key.tonic) % 12 == _LEADING for pitch in after) > 1
    outside = 0
    if len(after) == len(RANGES):
        outside = sum(max(low - pitch, pitch - high, 0) for pitch, (low, high) in zip(after, RANGES, strict=True))
    return _OVERLAP * overlaps + _DOUBLED * doubled + 2 * outside


def _debts(before: Voicing, after: Voicing, owed: Mapping[int, int]) -> int:
    cost = 0
    for voice, way in owed.items():
        step = (after[voice] - before[voice]) * way
        cost += _DEBT if abs(step) > STEP else _STAYS if step == 0 else _RETURNS if step < 0 else 0
    return cost
