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


def of(key: Key | FloatArray, strength: float, dominant: Key | None) -> FloatArray:
    """What is added to the logit of each pitch from LOWEST on; `key` may be a profile of pitch classes, too."""
    used = np.maximum(key.profile(), _FOREIGN) if isinstance(key, Key) else key
    by_class = strength * np.log(used)
    if dominant is not None:
        by_class += [_RESOLVING if pitch_class in dominant.dominant else 0.0 for pitch_class in range(12)]
    return np.asarray(np.resize(np.roll(by_class, -LOWEST % 12), PITCHES), np.float32)
