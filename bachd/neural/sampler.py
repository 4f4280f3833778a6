"""From logits to one event: temperature, top-p, and the rules of spelling.

Law: every event drawn is one that the layout can say and the pitch range allows; the same model, numbers from `rng` and
arguments give the same event.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from random import Random
from typing import Final

import numpy as np

from bachd.music.event import Event
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.features import END, FINE, HOLD, LENGTHS, LOWEST, PITCHES, START, SYMBOLS, FloatArray
from bachd.neural.model import Model
from bachd.neural.runtime import Int8Array

MOST_NOTES: Final = 16
"""Notes a chord may have: one for each MIDI channel."""

_UNHEARD: Final = 1.0
"""How often a pitch class counts as heard that a piece never uses."""
_COLD: Final = 1e-3
"""Temperatures below this are 0: there is one answer left, and dividing by them would overflow."""


class Sampler:
    """Spells events, highest note first. Not for use by several threads at once."""

    def __init__(
        self,
        model: Model,
        rng: Random,
        *,
        temperature: float,
        top_p: float,
        pitches: tuple[int, int],
        leading: bool = False,
        key: float = 0.0,
    ) -> None:
        """`temperature` 0 always takes the likeliest; `pitches` are the lowest and the highest MIDI number to play.

        leading: whether to keep a voice from starting a note in parallel unisons, octaves or fifths with one above it,
        voices being counted from the top. key: how strongly notes are drawn to the pitch classes that `at_home` tells;
        0 is not at all.
        """
        self._model = model
        self._rng = rng
        self._temperature = temperature
        self._top_p = top_p
        self._leading = leading
        low, high = max(pitches[0], LOWEST), min(pitches[1], features.HIGHEST)
        self._pitches = range(low, high + 1)
        self._first = np.full(SYMBOLS, -np.inf, np.float32)  # added to the logits: what may begin a chord, holds apart
        self._first[[pitch - LOWEST for pitch in self._pitches]] = 0
        self._first[[END, FINE]] = 0
        self._key = key
        self._home = self._first.copy()
        self._mask = self._first.copy()
        self._symbols = np.empty(SYMBOLS, np.float32)
        self._lengths = np.empty(len(LENGTHS), np.float32)

    def at_home(self, piece: Piece) -> None:
        """From now on draw notes to the pitch classes that `piece` uses, the more the more it uses them.

        A network that looks back on CONTEXT events forgets the key that it came from and in the end has none. So the
        logit of each starting note gets `key` times the logarithm of the share of its pitch class in the piece: a
        cache in the sense of Kuhn and De Mori 1990 ("A cache-based natural language model for speech recognition"),
        multiplied rather than mixed in.
        """
        counts = np.full(12, _UNHEARD)
        for event in piece.events:
            for pitch in event.starts:
                counts[pitch % 12] += 1
        bias = self._key * np.log(counts / counts.max())
        self._home[:] = self._first
        self._home[START:HOLD] += np.resize(np.roll(bias, -LOWEST % 12), PITCHES)

    def sample(self, hidden: Int8Array, sounded: tuple[int, ...], *, warmth: float = 0.0) -> Event | None:
        """Draw the event after one in which the pitches `sounded` were heard; None when the piece ends instead.

        hidden: the trunk's output, shape (1, D). warmth is added to the temperature.
        """
        temperature = self._temperature + warmth
        mask = self._mask
        mask[:] = self._home
        for pitch in sounded:
            if pitch in self._pitches:
                mask[HOLD + pitch - LOWEST] = 0
        chosen: list[int] = []
        while True:
            logits = self._model.speak(hidden, chosen, sounded)
            if len(chosen) == MOST_NOTES:
                break
            symbols = np.add(logits[:SYMBOLS], mask, out=self._symbols)
            if self._leading and (faults := features.parallels(chosen, sounded)):
                symbols[[pitch - LOWEST for pitch in faults]] = -np.inf
            symbol = self._draw(symbols, temperature)
            if symbol == FINE:
                return None
            if symbol == END:
                break
            chosen.append(symbol)
            step = symbol % PITCHES
            mask[step:PITCHES] = mask[HOLD + step : HOLD + PITCHES] = mask[FINE] = -np.inf  # spelling goes down
        self._lengths[:] = logits[SYMBOLS:]
        ticks = LENGTHS[self._draw(self._lengths, temperature)]
        starts = tuple(symbol + LOWEST for symbol in reversed(chosen) if symbol < HOLD)
        held = tuple(symbol - HOLD + LOWEST for symbol in reversed(chosen) if symbol >= HOLD)
        return Event(starts, held, ticks)

    def _draw(self, logits: FloatArray, temperature: float) -> int:
        """An index into `logits`, drawn from their nucleus: the fewest of the likeliest that together reach top-p.

        Overwrites `logits`. Takes one number from `rng`, rarely two, none at temperature 0. Nucleus sampling is from
        Holtzman et al. 2019, arXiv:1904.09751.
        """
        likeliest = int(logits.argmax())
        if temperature < _COLD:
            return likeliest
        np.subtract(logits, logits[likeliest], out=logits)
        np.multiply(logits, 1 / temperature, out=logits)
        weights = np.exp(logits, out=logits)
        sums = np.add.accumulate(weights)
        total = sums.item(-1)
        # Bisection compares as float64, in which the product is less than the total: nothing of no weight is drawn.
        drawn = bisect_right(sums.data, self._rng.random() * total)
        # What weighs more than all that may be left out is not left out: most draws end here, without sorting.
        if drawn == likeliest or weights.item(drawn) > (1 - self._top_p) * total:
            return drawn
        order = np.argsort(-weights, kind="stable")
        sums = np.add.accumulate(weights[order])
        nucleus = bisect_left(sums.data, self._top_p * sums.item(-1)) + 1
        if drawn in order[:nucleus]:
            return drawn
        return int(order[bisect_right(sums.data, self._rng.random() * sums.item(nucleus - 1))])
