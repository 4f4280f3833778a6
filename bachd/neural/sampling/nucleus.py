"""Draw from logits: temperature, top-p, and what is recalled.

Law: what has no weight is never drawn; the same logits and numbers from `rng` give the same draw.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import log
from random import Random
from typing import Final

import numpy as np

from bachd.neural.features import FloatArray
from bachd.neural.sampling.guidance import Recalled

COLD: Final = 1e-3
"""Temperatures below this are 0: there is one answer left, and dividing by them would overflow."""


def draw(logits: FloatArray, temperature: float, top_p: float, rng: Random, recalled: Recalled | None = None) -> int:
    """An index into `logits`, drawn from their nucleus: the fewest of the likeliest that together reach top-p.

    Overwrites `logits`. Takes one number from `rng`, rarely two, none at temperature 0. Nucleus sampling is from
    Holtzman et al. 2019, arXiv:1904.09751. What is recalled is mixed in with its odds before.
    """
    likeliest = int(logits.argmax())
    if recalled is not None and not np.isfinite(logits.item(recalled.choice)):
        recalled = None
    if temperature < COLD:
        return recalled.choice if recalled is not None and recalled.odds > 1 else likeliest
    np.subtract(logits, logits[likeliest], out=logits)
    np.multiply(logits, 1 / temperature, out=logits)
    weights = np.exp(logits, out=logits)
    if recalled is not None:
        weights[recalled.choice] += recalled.odds * weights.sum()
        likeliest = int(weights.argmax())
    sums = np.add.accumulate(weights)
    total = sums.item(-1)
    # Bisection compares as float64, in which the product is less than the total: nothing of no weight is drawn.
    drawn = bisect_right(sums.data, rng.random() * total)
    # What weighs more than all that may be left out is not left out: most draws end here, without sorting.
    if drawn == likeliest or weights.item(drawn) > (1 - top_p) * total:
        return drawn
    order = np.argsort(-weights, kind="stable")
    sums = np.add.accumulate(weights[order])
    nucleus = bisect_left(sums.data, top_p * sums.item(-1)) + 1
    if drawn in order[:nucleus]:
        return drawn
    return int(order[bisect_right(sums.data, rng.random() * sums.item(nucleus - 1))])


def ends(logits: FloatArray, end: int, temperature: float, rng: Random) -> bool:
    """Whether `end` is drawn against all else, without top-p; if it is not, it is ruled out where anything is left.

    A chord is rare in a single line. Top-p would rule each one out, and what never sounds is not expected again.
    """
    if temperature < COLD or not np.isfinite(logits.item(end)):
        return False
    weights = np.exp((logits - logits.max()) / temperature)
    left = weights.sum() - weights.item(end)
    if rng.random() * weights.sum() < weights.item(end) or left <= 0:
        return True
    logits[end] = -np.inf
    return False


def drawn_order(logits: Sequence[float], temperature: float, rng: Random) -> list[int]:
    """Return all indexes as they are drawn one after the other; at temperature 0 the likeliest first.

    By adding Gumbel noise (Kool, van Hoof and Welling 2019, arXiv:1903.06059). Takes a number from `rng` for each.
    """
    if temperature >= COLD:
        logits = [each / temperature - log(max(rng.expovariate(1.0), 1e-300)) for each in logits]
    return sorted(range(len(logits)), key=lambda index: -logits[index])


def shares(logits: FloatArray, recalled: Recalled | None = None) -> FloatArray:
    """Probabilities."""
    weights = np.exp(logits - logits.max())
    if recalled is not None and weights[recalled.choice] > 0:
        weights[recalled.choice] += recalled.odds * weights.sum()
    return np.asarray(weights / weights.sum())
