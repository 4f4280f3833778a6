"""How much the key that music is in, or grew from, is in favour of each note.

Law: a bias shifts the odds and rules nothing out.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bachd.music.keys import Key
from bachd.music.piece import Piece
from bachd.neural.features import LOWEST, PITCHES, FloatArray

_UNHEARD: Final = 1.0
"""How often a pitch class counts as heard that a piece never uses."""
_FOREIGN: Final = 0.02
"""Share of a key's most used pitch class that one counts as having which hardly belongs to it."""
_RESOLVING: Final = 1.5
"""Added to the logits of a dominant's notes where it is about to resolve."""


def profile(piece: Piece) -> FloatArray:
    """How often a piece uses each pitch class, from C; the most used has 1."""
    counts = np.full(12, _UNHEARD)
    for event in piece.events:
        for pitch in event.starts:
            counts[pitch % 12] += 1
    return np.asarray(counts / counts.max(), np.float32)


def of(key: Key | FloatArray, strength: float, dominant: Key | None, *, firmly: bool = False) -> FloatArray:
    """What is added to the logit of each pitch from LOWEST on; `key` may be a profile of pitch classes, too."""
    by_class = strength * np.log(_typical(key, firmly=firmly) if isinstance(key, Key) else key)
    if dominant is not None:
        by_class += [_RESOLVING if pitch_class in dominant.dominant else 0.0 for pitch_class in range(12)]
    return np.asarray(np.resize(np.roll(by_class, -LOWEST % 12), PITCHES), np.float32)


def _typical(key: Key, *, firmly: bool) -> FloatArray:
    """How much a key has of each pitch class, from C: its typical profile if `firmly`, else 1 for all of its own.

    Those are the scale, with the sixth and the seventh degree of minor in both forms. A profile holds the leading note
    back, which makes a key known on the way, and prefers the tonic, with which a piece ends.
    """
    if firmly:
        return np.maximum(np.asarray(key.profile(), np.float32), _FOREIGN)
    steps = (0, 2, 3, 5, 7, 8, 9, 10, 11) if key.minor else (0, 2, 4, 5, 7, 9, 11)
    used = np.full(12, _FOREIGN, np.float32)
    used[[(key.tonic + step) % 12 for step in steps]] = 1
    return used
