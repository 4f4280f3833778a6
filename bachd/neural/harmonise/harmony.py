"""Name the chord under a note of a melody: a small graph of its own reads the melody so far.

Within a quarter it reads the chord that the quarter began with, too.

Law: equal melodies get equal chords on each quarter; no chord of a quarter before is looked at, so no mistake leads to
the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from pathlib import Path
from typing import Final

import numpy as np

from bachd.errors import ModelError
from bachd.music.voices import Voices
from bachd.neural.bundle.card import HARMONY
from bachd.neural.features import FloatArray
from bachd.neural.harmonise.melody_features import WIDTH
from bachd.neural.runtime import Graph, load

_CLASSES: Final = 12
_SETS: Final = 8
"""Chords that are named, each with all its notes as the bass."""

Sets = Sequence[tuple[int, ...]]
"""Chords as semitones above the note of the melody, ascending from 0."""


@dataclass(frozen=True, slots=True)
class Harmony:
    """The chord that some voices sound together."""

    pitch_classes: frozenset[int]
    bass: int
    """Pitch class of the lowest note."""


class HarmonyGraph:
    """The graph of a bundle, and what its answers mean: a logit for each chord, then for each interval of the bass."""

    def __init__(self, graph: Graph, sets: Sets) -> None:
        """sets: the chords, in the order of the answers. Raises ModelError if the graph does not fit them."""
        shapes = [tensor.shape for tensor in graph.inputs], graph.output.shape
        if shapes != ([(1, WIDTH)], (1, len(sets) + _CLASSES)):
            raise ModelError(f"{HARMONY} does not fit this version of bachd, or the chords of its card: {shapes}")
        self._graph, self._sets = graph, sets
        self._index = {chord: index for index, chord in enumerate(sets)}
        self._bytes = np.empty((1, WIDTH), np.int8)

    @classmethod
    def open(cls, folder: Path, sets: Sets) -> HarmonyGraph:
        """Load the graph from a bundle's folder. Raises ModelError."""
        return cls(load(folder / HARMONY), sets)

    def likeliest(self, row: FloatArray, pitch: int, having: int | None = None) -> list[tuple[float, Harmony]]:
        """Return the likeliest chords under `pitch` with their log-likelihoods, in any order. Raises ModelError.

        row: of `MelodyHistory.features`. having: the pitch class that each of them has; None for no matter which.
        """
        chords, basses = self._ask(row)
        found = []
        for index in self._order(chords, None if having is None else (having - pitch) % _CLASSES):
            degrees = self._sets[index]
            total = log(sum([exp(basses[degree]) for degree in degrees]))
            chord = frozenset([(pitch + degree) % _CLASSES for degree in degrees])
            found += [
                (chords.item(index) + basses[degree] - total, Harmony(chord, (pitch + degree) % _CLASSES))
                for degree in degrees
            ]
        return found

    def likelihoods(self, row: FloatArray, chords: Iterable[Voices]) -> list[float]:
        """Return the log-likelihood of each of some chords under one highest note. Raises ModelError."""
        said, basses = self._ask(row)
        found = []
        for chord in chords:
            degrees = tuple(sorted({(pitch - chord[-1]) % _CLASSES for pitch in chord}))
            if (index := self._index.get(degrees)) is None:
                found.append(-inf)
            else:
                total = log(sum([exp(basses[degree]) for degree in degrees]))
                found.append(said.item(index) + basses[(chord[0] - chord[-1]) % _CLASSES] - total)
        return found

    def _ask(self, row: FloatArray) -> tuple[FloatArray, list[float]]:
        """Return the log-likelihoods of the sets, and the logits of the intervals of the bass."""
        (told,) = self._graph.inputs
        np.clip(np.rint(row / told.scale) + told.zero, -128, 127, out=self._bytes[0], casting="unsafe")
        output = self._graph.output
        said = (self._graph.invoke(self._bytes)[0].astype(np.float32) - output.zero) * np.float32(output.scale)
        chords = said[: len(self._sets)]
        whole = log(np.exp(chords - chords.max()).sum()) + chords.max().item()
        return chords - np.float32(whole), said[len(self._sets) :].tolist()

    def _order(self, chords: FloatArray, degree: int | None) -> list[int]:
        """Return the indexes of the likeliest sets that have a degree, the best first."""
        order: list[int] = np.argsort(-chords, kind="stable").tolist()
        return [index for index in order if degree is None or degree in self._sets[index]][:_SETS]
