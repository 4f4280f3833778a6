"""From logits to one event: temperature, top-p, and the rules of spelling.

Law: every event drawn is one that the layout can say and the pitch range allows; the same model, numbers from `rng` and
arguments give the same event.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
from random import Random
from typing import Final

import numpy as np

from bachd.music.event import Event
from bachd.music.piece import Chance, Piece
from bachd.neural import features
from bachd.neural.features import END, END_OF_PIECE, HOLD, LENGTHS, LOWEST, PITCHES, START, SYMBOLS, FloatArray
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
        voices being counted from the top. key: how strongly notes are drawn to the pitch classes given to
        `set_key_bias`; 0 is not at all.
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
        self._first[[END, END_OF_PIECE]] = 0
        self._key = key
        self._home = self._first.copy()
        self._mask = self._first.copy()
        self._symbols = np.empty(SYMBOLS, np.float32)
        self._lengths = np.empty(len(LENGTHS), np.float32)

    def set_key_bias(self, piece: Piece) -> None:
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

    def sample(self, hidden: Int8Array, sounded: tuple[int, ...], *, temperature_boost: float = 0.0) -> Event | None:
        """Draw the event after one in which the pitches `sounded` were heard; None when the piece ends instead.

        hidden: the trunk's output, shape (1, D). temperature_boost is added to the temperature.
        """
        temperature = self._temperature + temperature_boost
        mask = self._mask
        mask[:] = self._home
        for pitch in sounded:
            if pitch in self._pitches:
                mask[HOLD + pitch - LOWEST] = 0
        chosen: list[int] = []
        while True:
            logits = self._model.head_logits(hidden, chosen, sounded)
            if len(chosen) == MOST_NOTES:
                break
            symbols = np.add(logits[:SYMBOLS], mask, out=self._symbols)
            if self._leading and (faults := features.parallels(chosen, sounded)):
                symbols[[pitch - LOWEST for pitch in faults]] = -np.inf
            symbol = self._draw(symbols, temperature)
            if symbol == END_OF_PIECE:
                return None
            if symbol == END:
                break
            chosen.append(symbol)
            step = symbol % PITCHES
            mask[step:PITCHES] = mask[HOLD + step : HOLD + PITCHES] = mask[END_OF_PIECE] = -np.inf  # spelling goes down
        self._lengths[:] = logits[SYMBOLS:]
        ticks = LENGTHS[self._draw(self._lengths, temperature)]
        return _event(chosen, ticks)

    def likeliest(self, hidden: Int8Array, sounded: tuple[int, ...], most: int) -> tuple[Chance, ...]:
        """What `sample` would draw from, the likeliest first, at most so many; no top-p, and no number from `rng`.

        Spells all chords at once and keeps the `most` likeliest beginnings at each note: a beam search, which may miss
        a chord that begins unlikely. Asks the model about `most` times as often as `sample` does.
        """
        temperature = max(self._temperature, _COLD)
        beginnings: list[tuple[float, list[int]]] = [(1.0, [])]
        found: list[Chance] = []
        while beginnings:
            longer: list[tuple[float, list[int]]] = []
            for share, chosen in beginnings:
                logits = self._model.head_logits(hidden, chosen, sounded)
                lengths = _shares(logits[SYMBOLS:] / temperature)
                symbols = _shares((logits[:SYMBOLS] + self._allowed(chosen, sounded)) / temperature)
                for symbol in np.argsort(-symbols, kind="stable")[:most].tolist():
                    so_far = share * symbols.item(symbol)
                    if symbol == END_OF_PIECE:
                        found.append((None, so_far))
                    elif symbol == END:
                        found += [
                            (_event(chosen, LENGTHS[length]), so_far * lengths.item(length))
                            for length in np.argsort(-lengths, kind="stable")[:most].tolist()
                        ]
                    elif len(chosen) < MOST_NOTES - 1:
                        longer.append((so_far, [*chosen, symbol]))
            found = sorted(found, key=itemgetter(1), reverse=True)[:most]
            least = found[-1][1] if len(found) == most else 0.0
            longer.sort(key=itemgetter(0), reverse=True)
            beginnings = [(share, chosen) for share, chosen in longer[:most] if share > least]
        return tuple(found)

    def _allowed(self, chosen: list[int], sounded: tuple[int, ...]) -> FloatArray:
        """What is added to the logits of the symbols that may follow those chosen."""
        mask = self._home.copy()
        mask[[HOLD + pitch - LOWEST for pitch in sounded if pitch in self._pitches]] = 0
        if chosen:
            step = chosen[-1] % PITCHES
            mask[step:PITCHES] = mask[HOLD + step : HOLD + PITCHES] = mask[END_OF_PIECE] = -np.inf
        if self._leading:
            mask[[pitch - LOWEST for pitch in features.parallels(chosen, sounded)]] = -np.inf
        return mask

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


def _event(chosen: list[int], ticks: int) -> Event:
    """The event that these symbols, highest first, spell."""
    starts = tuple([symbol + LOWEST for symbol in reversed(chosen) if symbol < HOLD])
    held = tuple([symbol - HOLD + LOWEST for symbol in reversed(chosen) if symbol >= HOLD])
    return Event(starts, held, ticks)


def _shares(logits: FloatArray) -> FloatArray:
    """Probabilities."""
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())
