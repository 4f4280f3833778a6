"""Compute percentiles, and the line that fits points best.

Law: these and no others are printed by `bench`, `doctor --timing` and the tools in bench/, so that figures compare.

Written out, since the standard library's `statistics` and NumPy take longer to import than a first note has time for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

SHARES: Final[Mapping[str, float]] = {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}
"""The percentiles that are reported, by the names they are reported under."""


def percentile(ranked: Sequence[float], share: float) -> float:
    """Return the least of some values in ascending order that `share` of them do not exceed (nearest rank)."""
    return ranked[min(len(ranked) - 1, max(0, math.ceil(share * len(ranked)) - 1))]


def percentiles(values: Sequence[float], *names: str) -> dict[str, float]:
    """Return percentiles by their names in `SHARES`, to four decimals; NaN if there are no values."""
    ranked = sorted(values) or [math.nan]
    return {name: round(percentile(ranked, SHARES[name]), 4) for name in names or SHARES}


def fitted_line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float, float]:
    """Fit a line to points by least squares: return the point in their middle, x and y, and the slope.

    The slope is 0 if all points are at one x.
    """
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    if spread == 0.0:
        return x_mean, y_mean, 0.0
    return x_mean, y_mean, sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread
