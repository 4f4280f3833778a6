"""Voices: which note belongs to which, where a piece has a fixed number of them.

Law: voices do not cross, each has one note while anything sounds, and each note has one voice; where there are fewer
notes than voices, some share one, as moves them least.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, pairwise
from typing import Final, TypeAlias

Voices: TypeAlias = tuple[int, ...]
"""The pitch of each voice, ascending."""
_PERFECT: Final = (0, 7)
"""Intervals, octaves aside, that two moving voices must not keep."""


@cache
def _choices(notes: int, voices: int) -> tuple[tuple[int, ...], ...]:
    """By voice, from the bottom, the index of its note; all ways without a crossing or a note left over."""
    return tuple(
        tuple(sum(cut <= voice for cut in cuts) for voice in range(voices))
        for cuts in combinations(range(1, voices), notes - 1)
    )


def assign(chords: Sequence[Sequence[int]], voices: int) -> list[Voices]:
    """The pitches of so many voices in each chord of 1 to `voices` ascending pitches, with the least motion in all."""
    if not chords:
        return []
    options = [[tuple(chord[note] for note in choice) for choice in _choices(len(chord), voices)] for chord in chords]
    costs = [0] * len(options[0])
    origins: list[list[int]] = []
    for before, after in pairwise(options):
        known = list(enumerate(zip(costs, before, strict=True)))
        found = [min((cost + _motion(one, other), index) for index, (cost, one) in known) for other in after]
        costs = [cost for cost, _ in found]
        origins.append([index for _, index in found])
    at = costs.index(min(costs))
    path = [options[-1][at]]
    for earlier, back in zip(reversed(options[:-1]), reversed(origins), strict=True):
        at = back[at]
        path.append(earlier[at])
    return path[::-1]


def _motion(before: Voices, after: Voices) -> int:
    return sum(abs(now - then) for then, now in zip(before, after, strict=True))


def parallels(before: Voices, after: Voices) -> int:
    """Pairs of voices that both move and keep a unison, octave or fifth."""
    return sum(
        before[low] != after[low]
        and before[high] != after[high]
        and (after[high] - after[low]) % 12 == (before[high] - before[low]) % 12
        and (before[high] - before[low]) % 12 in _PERFECT
        for low, high in combinations(range(len(before)), 2)
    )
