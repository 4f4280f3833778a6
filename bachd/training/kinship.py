"""Which works share music, in whatever key.

Law: kinship depends on intervals alone and reaches through third works; a group is named after its first work in the
order of the alphabet, so that it has the same name whoever reads it.
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
_SHARE: Final = 0.2
"""Part of the shorter work's rows that makes two works nearly the same."""


class Groups:
    """Names that are joined pair by pair into groups."""

    def __init__(self, names: Iterable[str]) -> None:
        self._leader = {name: name for name in names}

    def join(self, one: str, other: str) -> None:
        """Make one group of the groups of two names."""
        first, second = sorted((self.of(one), self.of(other)))
        self._leader[second] = first

    def of(self, name: str) -> str:
        """The first name of the group that `name` is in."""
        while self._leader[name] != name:
            name = self._leader[name]
        return name


def tunes(melodies: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """The group of each melody (MIDI numbers): those that share 12 consecutive intervals are one tune."""
    groups = Groups(melodies)
    seen: dict[tuple[int, ...], str] = {}
    for name in sorted(melodies):
        for gram in grams(melodies[name], _TUNE):
            groups.join(seen.setdefault(gram, name), name)
    return {name: groups.of(name) for name in melodies}


def grams(melody: Sequence[int], length: int) -> Iterator[tuple[int, ...]]:
    """All rows of `length` consecutive intervals in semitones; a melody with fewer gives all it has."""
    steps = [after - before for before, after in pairwise(melody)]
    if len(steps) < length:
        yield tuple(steps)
    for start in range(len(steps) - length + 1):
        yield tuple(steps[start : start + length])


def relatives(melodies: Mapping[str, Sequence[Sequence[int]]]) -> Iterator[tuple[str, str]]:
    """Pairs of works that are nearly the same: they share a fifth of the shorter one's rows of 15 intervals.

    melodies: for each work those of its lines, as MIDI numbers. A row that one pair of works has in common proves
    little: scales and broken chords are everybody's.
    """
    found = {name: {gram for line in lines for gram in grams(line, _ROW) if gram} for name, lines in melodies.items()}
    holders: dict[tuple[int, ...], list[str]] = {}
    for name in sorted(found):
        for gram in found[name]:
            holders.setdefault(gram, []).append(name)
    shared = Counter(pair for names in holders.values() for pair in combinations(names, 2))
    for (one, other), count in sorted(shared.items()):
        if count >= _SHARE * min(len(found[one]), len(found[other])):
            yield one, other
