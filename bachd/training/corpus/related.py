"""Find works that share music, in whatever key.

Law: kinship depends on intervals alone and reaches through third works; a group is named after its first work in the
order of the alphabet, so that its name does not depend on the machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Final

_TUNE: Final = 12
"""Consecutive intervals of a melody that make two chorales the same tune."""
_ROW: Final = 15
"""Consecutive intervals that are compared between other works."""
_SHARE: Final = 0.1
"""Part of the shorter work's rows that makes two works nearly the same.

Of 442 solo works by Bach, versions of one another share 0.12 to 0.5, and no others more than 0.074.
"""
_FEW: Final = 8
"""Rows that may be scales and broken chords, which are everybody's."""


class DisjointSets:
    """Join names pair by pair into groups (union-find)."""

    def __init__(self, names: Iterable[str]) -> None:
        self._leader = {name: name for name in names}

    def join(self, one: str, other: str) -> None:
        """Merge the groups of two names."""
        first, second = sorted((self.of(one), self.of(other)))
        self._leader[second] = first

    def of(self, name: str) -> str:
        """Return the first name of the group that `name` is in."""
        while self._leader[name] != name:
            name = self._leader[name]
        return name


def group_by_tune(melodies: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """Return the group of each melody (MIDI numbers): those that share 12 consecutive intervals are one tune."""
    groups = DisjointSets(melodies)
    seen: dict[tuple[int, ...], str] = {}
    for name in sorted(melodies):
        for gram in grams(melodies[name], _TUNE):
            groups.join(seen.setdefault(gram, name), name)
    return {name: groups.of(name) for name in melodies}


def grams(melody: Sequence[int], length: int) -> Iterator[tuple[int, ...]]:
    """Yield all runs of `length` consecutive intervals in semitones; a melody with fewer gives all it has."""
    steps = [after - before for before, after in pairwise(melody)]
    if len(steps) < length:
        yield tuple(steps)
    for start in range(len(steps) - length + 1):
        yield tuple(steps[start : start + length])


def related_pairs(melodies: Mapping[str, Sequence[Sequence[int]]]) -> Iterator[tuple[str, str]]:
    """Yield pairs of works that are nearly the same: they share a tenth of the shorter one's rows of 15 intervals.

    melodies: for each work those of its lines, as MIDI numbers.
    """
    found = {name: {gram for line in lines for gram in grams(line, _ROW) if gram} for name, lines in melodies.items()}
    holders: dict[tuple[int, ...], list[str]] = {}
    for name in sorted(found):
        for gram in found[name]:
            holders.setdefault(gram, []).append(name)
    shared = Counter(pair for names in holders.values() for pair in combinations(names, 2))
    for (one, other), count in sorted(shared.items()):
        rows = min(len(found[one]), len(found[other]))
        if count >= min(rows, max(_FEW, _SHARE * rows)):
            yield one, other
