"""Estimate the keys that a melody suggests at each of its notes: `outlook.Melody` for a whole piece at once.

Law: the sums are those of `music.keys`, in the same order, so that both choose the same key.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.music import keys
from bachd.music.event import TICKS
from bachd.neural.outlook import Melody

_PROFILES: Final = np.array([keys.standard(key.profile()) for key in keys.ALL])

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]


def suggested(pitch_classes: _Ints, ticks: _Ints) -> npt.NDArray[np.uint8]:
    """Return the likeliest keys at each of N notes, shape (N, 2): of all before it, and of the last few bars.

    Each is an index in `keys.ALL`.
    """
    count = len(ticks)
    ends = np.cumsum(ticks)
    begins = ends - ticks
    one = np.eye(12)[pitch_classes]
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(one * ticks[:, None], axis=0)])
    since = np.maximum(0, begins - Melody.RECENT)
    index = np.minimum(np.searchsorted(ends, since, side="right"), max(0, count - 1))
    until = sums[index] + one[index] * (since - begins[index])[:, None]
    about = TICKS * one
    return np.stack([_estimate(sums[:-1] + about), _estimate(sums[:-1] - until + about)], axis=1)


def _estimate(weights: _Floats) -> npt.NDArray[np.uint8]:
    """Return the likeliest key of each row of weights (N, 12)."""
    apart = weights - (_sum(weights) / 12)[:, None]
    spread = np.sqrt(_sum(apart**2))
    standard = apart / np.where(spread == 0, 1.0, spread)[:, None]
    return np.asarray(_sum(standard[:, None] * _PROFILES).argmax(axis=1), np.uint8)


def _sum(values: _Floats) -> _Floats:
    """Sum along the last axis from the first to the last, as Python does."""
    total = np.zeros(values.shape[:-1])
    for index in range(values.shape[-1]):
        total = total + values[..., index]
    return total
