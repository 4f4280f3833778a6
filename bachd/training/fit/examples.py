"""What an epoch shows of each piece: with its plan, without, or with a melody that is given.

Law: what is shown follows from the piece, the recipe and the seed of the epoch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from bachd.training.fit.data import altered
from bachd.training.fit.data.altered import Voicings
from bachd.training.fit.data.records import Chords, Ints, Packed
from bachd.training.fit.data.stream import GIVEN, PLANNED, UNPLANNED, Shown
from bachd.training.fit.own_past import Pasts
from bachd.training.recipe import Recipe

_REMEMBERED: Final = 512
"""Altered pasts that are kept, for the next crop of the same piece."""


def shown(
    packed: Packed, pieces: Ints, recipe: Recipe, known: Voicings, seed: tuple[int, int], own: Pasts | None = None
) -> Shown:
    """Decide how an epoch shows some pieces, and in which order.

    seed: the recipe's, and the epoch. own: the pasts as the network plays them below given voices, if known.
    """
    rng = np.random.default_rng(seed)
    kinds, altering = rng.random((2, len(pieces)))
    views = np.full(len(pieces), PLANNED)
    views[kinds < recipe.given + recipe.unplanned] = UNPLANNED
    views[kinds < recipe.given] = GIVEN
    low = np.maximum(recipe.transpose[0], packed.room[pieces, 0])
    high = np.minimum(recipe.transpose[1], packed.room[pieces, 1])
    shifts = np.where(low <= high, rng.integers(low, np.maximum(low, high) + 1), 0)
    order = rng.permutation(len(pieces))
    is_altered = (altering < recipe.altered) & (views != UNPLANNED)

    @lru_cache(_REMEMBERED)
    def past(place: int) -> Chords | None:
        entry = int(order[place])
        played = own.past(packed, int(pieces[entry])) if own and views[entry] == GIVEN else None
        if played is None and is_altered[entry]:
            return altered.altered_past(packed, int(pieces[entry]), known, np.random.default_rng((*seed, entry)))
        return played

    return Shown(pieces[order], views[order], shifts[order], past)
