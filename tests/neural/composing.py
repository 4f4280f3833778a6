"""A composer with a model that is a script, and what it composes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import numpy as np

from bachd.music.event import parse_line, print_line
from bachd.music.form.habits import Habits
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Piece, Step
from bachd.neural import features
from bachd.neural.composer import Composer
from bachd.neural.features import FloatArray
from bachd.neural.model import Model
from bachd.neural.planning.effort import Fixed
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import FixedModel

WALTZ = Metre(3, 4)
BARS = 2
SHORT = Habits(bars=(1,), phrases={"4/4": {4: 1}}, returns=0.0)
"""Two phrases of a bar."""


def piece(title: str, line: str = "C3.C4 D4 E4 F4 G4 A4 B4 C4 D4 E4 F4 G4", grid: Grid | None = None) -> Piece:
    return Piece(title, parse_line(line), grid or Grid())


def composer(
    model: Model,
    pieces: Sequence[Piece] = (piece("one"),),
    *,
    rng: int = 1,
    temperature: float = 0.95,
    candidates: int = 1,
    habits: Habits | None = None,
) -> Composer:
    random = Random(rng)
    by_name = {each.name: each for each in pieces}
    return Composer(
        model,
        Sampler(model, random, temperature=temperature, top_p=0.98, pitches=(36, 81)),
        first=pieces[0],
        others=[each.name for each in pieces],
        load=by_name.__getitem__,
        bars=BARS,
        rng=random,
        effort=Fixed(candidates),
        habits=habits,
    )


def play(composing: Composer, count: int) -> list[Step]:
    return [composing.next() for _ in range(count)]


def line(steps: Iterable[Step]) -> str:
    return print_line(step.event for step in steps)


def pieces_of(steps: Sequence[Step]) -> list[list[Step]]:
    """The steps of each whole piece, breaths left out."""
    found: list[list[Step]] = []
    for step in steps:
        if step.opens:
            found.append([])
        if step.origin is not Origin.BREATH:
            found[-1].append(step)
    return found[:-1]


def melodious(rng: int = 3) -> Model:
    """A model that likes four voices in C major, most lengths and no end."""
    random = Random(rng)

    def logits() -> FloatArray:
        values = np.array([random.gauss(0, 2) for _ in range(features.LOGITS)], np.float32)
        values[[pitch for pitch in range(features.PITCHES) if (pitch + features.LOWEST) % 12 in (1, 3, 6, 8, 10)]] -= 4
        values[features.END] += 3
        return values

    return FixedModel(logits)
