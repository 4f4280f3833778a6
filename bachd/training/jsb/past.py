"""Find what a piece's own past says: which notes its key has, and how it went on where it stood as now.

Law: what is returned for a chord follows from the chords before it.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.training.jsb.data import VOICES, Chorale

MATCHES: Final = (1, 2, 3, 4, 6, 8, 12, 16)
"""Chords in a match, at least."""
_DECAY: Final = 0.99
"""What is left of a note's weight in the estimate of the key after one row."""
_SCALE: Final = np.array([1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, 1], np.float64)
"""The major scale; its relative minor has the same notes."""

Indexes = npt.NDArray[np.int32]


@cache
def matches(piece: Chorale) -> tuple[Indexes, Indexes]:
    """For each chord: the earlier chord that follows the longest, then latest, match of what stands before it.

    Its index, -1 where there is none, and the index in MATCHES of the match's length.
    """
    chords = list(zip(piece.chords, piece.lengths, strict=True))
    found, long = np.full(len(chords), -1, np.int32), np.zeros(len(chords), np.int32)
    last: dict[tuple[object, ...], int] = {}
    for at in range(len(chords)):
        for index, length in enumerate(MATCHES):
            if length > at:
                break
            past = tuple(chords[at - length : at])
            if past in last:
                found[at], long[at] = last[past], index
            last[past] = at
    return found, long


@cache
def collections(piece: Chorale) -> Indexes:
    """Return the tonic of the major scale that fits the notes so far best, before the first chord and after each.

    Pitch classes, -1 where nothing has sounded; shape (n + 1,).
    """
    weights = np.zeros(12)
    scales = np.stack([np.roll(_SCALE, tonic) for tonic in range(12)])
    found = [-1]
    for chord, length in zip(piece.chords, piece.lengths, strict=True):
        weights *= _DECAY**length
        for pitch in chord:
            if pitch >= 0:
                weights[pitch % 12] += length / VOICES
        found.append(int(np.argmax(scales @ weights)) if weights.any() else -1)
    return np.array(found, np.int32)
