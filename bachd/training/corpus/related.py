"""Find works that share music, in whatever key.

Law: kinship depends on intervals alone and reaches through third works; a group is named after its first work in the
order of the alphabet, so that its name does not depend on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

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
_HOLDERS: Final = 64
"""Works that a row may have before it is taken to be everybody's."""
_MOST: Final = 1 << 24
"""Rows that are held in memory, 12 bytes each: those of about 15 million notes."""

Hashes: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.int64]


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
            self._leader[name] = name = self._leader[self._leader[name]]  # halves the way for the next
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


def row_hashes(lines: Sequence[Sequence[int]]) -> Hashes:
    """Return a hash for each row of 15 consecutive intervals in the lines of a work (MIDI numbers), ascending.

    A line with fewer has one row.
    """
    found = [np.zeros(0, np.uint64)]
    for line in lines:
        steps = np.diff(np.asarray(line, np.int64)).astype(np.uint64)
        if len(steps):
            rows = np.lib.stride_tricks.sliding_window_view(steps, min(_ROW, len(steps)))
            found.append(_mixed(rows @ _WEIGHTS[: rows.shape[1]] + np.uint64(rows.shape[1])))
    return np.unique(np.concatenate(found))


def related_pairs(rows: Mapping[str, Callable[[], Hashes]]) -> Iterator[tuple[str, str]]:
    """Yield pairs of works that are nearly the same: they share a tenth of the shorter one's rows of 15 intervals.

    rows: for each work what gives its `row_hashes`. In corpora of more than _MOST rows, works are compared by a sketch:
    the rows whose hash is among the lowest of all hashes, the same for all works (Broder 1997, "On the resemblance and
    containment of documents", the sketch by modulus), so that memory does not grow with the corpus.
    """
    names = sorted(rows)
    hashes, owners, part = _sketch([rows[name] for name in names])
    sizes = np.bincount(owners, minlength=len(names))
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    pairs, counts = _shared(hashes, owners, len(names))
    one, other = np.divmod(pairs, max(1, len(names)))
    least = np.minimum(sizes[one], sizes[other])
    near = counts >= np.minimum(least, np.maximum(_FEW * part, _SHARE * least))
    for first, second in zip(one[near].tolist(), other[near].tolist(), strict=True):
        yield names[first], names[second]


def _sketch(works: Sequence[Callable[[], Hashes]]) -> tuple[Hashes, npt.NDArray[np.int32], float]:
    """Return hashes of all works, whose they are, and what part of all hashes these are."""
    part, limit = 1.0, np.uint64(2**64 - 1)
    hashes, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
    total = 0
    for owner, work in enumerate(works):
        found = work()
        found = found[found <= limit]
        hashes.append(found)
        owners.append(np.full(len(found), owner, np.int32))
        total += len(found)
        if total > _MOST:
            part /= 2
            limit = np.uint64(limit // 2)
            owners = [whose[kept <= limit] for whose, kept in zip(owners, hashes, strict=True)]
            hashes = [kept[kept <= limit] for kept in hashes]
            total = sum(map(len, hashes))
    return np.concatenate(hashes), np.concatenate(owners), part


def _shared(hashes: Hashes, owners: npt.NDArray[np.int32], count: int) -> tuple[Ints, Ints]:
    """Return pairs of owners of equal hashes, as one * count + other, ascending, and how many hashes they share.

    A row of many works is everybody's; there, only neighbours in the order of the names are paired.
    """
    begins = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1])) if len(hashes) else np.zeros(0, int)
    sizes = np.diff(np.append(begins, len(hashes)))
    ends, size = np.repeat(begins + sizes, sizes), np.repeat(sizes, sizes)
    pairs, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for apart in range(1, _HOLDERS):
        here = np.flatnonzero((np.arange(len(hashes)) + apart < ends) & ((size <= _HOLDERS) | (apart == 1)))
        if not len(here):
            break
        found, times = np.unique(owners[here].astype(np.int64) * count + owners[here + apart], return_counts=True)
        pairs, index = np.unique(np.concatenate([pairs, found]), return_inverse=True)
        counts = np.bincount(index, np.concatenate([counts, times]), len(pairs)).astype(np.int64)
    return pairs, counts


def _mixed(values: Hashes) -> Hashes:
    """Numbers as good as random, the same for equal values (SplitMix64: Steele, Lea and Flood 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_WEIGHTS: Final = _mixed(np.arange(_ROW, dtype=np.uint64)) | np.uint64(1)
