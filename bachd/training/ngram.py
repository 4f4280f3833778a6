"""The baseline: tables of what followed what, the strongest that counting can make.

Law: it predicts the same symbols as the network, under the same rules of what is possible, on the same pieces; so its
nats an event and the network's can be compared.

An interpolated n-gram (Witten and Bell 1991, "The zero-frequency problem") over the row of symbols. In its relative
form pitches count from the highest note of the event before, which makes it blind to transposition: what the network
has to learn from moved copies, this gets for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.neural import features
from bachd.training.dataset import EMPTY, Encoded
from bachd.training.progress import progress
from bachd.training.score import Score

_MIDDLE: Final = 60 - features.LOWEST
_SPAN: Final = 2 * features.PITCHES
"""Relative pitches lie within this many semitones either way."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """One decision: what it was, what it could have been, and the row of symbols before it."""

    truth: int
    allowed: npt.NDArray[np.intp]
    past: tuple[int, ...]
    reference: int
    """Pitch, counted from LOWEST, that relative pitches are measured from."""


class NGram:
    """Counts of which symbol follows which `order - 1` symbols."""

    def __init__(self, order: int, *, relative: bool) -> None:
        self.order = order
        self.relative = relative
        self._counts: dict[tuple[int, ...], dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def fit(self, pieces: Sequence[Encoded]) -> None:
        """Count all orders up to this one."""
        for piece in pieces:
            for choice in _choices(piece, self.order - 1):
                context, truth = self._view(choice.past, choice.reference), self._name(choice.truth, choice.reference)
                for length in range(len(context) + 1):
                    self._counts[context[len(context) - length :]][truth] += 1

    def score(self, pieces: Sequence[Encoded]) -> Score:
        """How well the table predicts some pieces."""
        nats, events, symbols, hits, lengths, length_hits = 0.0, 0, 0, 0, 0, 0
        for piece in pieces:
            for choice in _choices(piece, self.order - 1):
                chances = self._chances(choice)
                index = int(np.searchsorted(choice.allowed, choice.truth))
                nats -= float(np.log(chances[index]))
                hit = int(np.argmax(chances)) == index
                if choice.truth < features.SYMBOLS:
                    symbols += 1
                    hits += hit
                    events += choice.truth in (features.END, features.FINE)
                else:
                    lengths += 1
                    length_hits += hit
        return Score(nats / events, hits / symbols, length_hits / lengths, events)

    def _chances(self, choice: _Choice) -> npt.NDArray[np.float64]:
        """Probabilities of `choice.allowed`, which sum to one."""
        context = self._view(choice.past, choice.reference)
        names = [self._name(int(symbol), choice.reference) for symbol in choice.allowed]
        chances = np.full(len(names), 1.0 / len(names))
        for length in range(len(context) + 1):
            counts = self._counts.get(context[len(context) - length :])
            if counts is None:
                break
            seen = np.array([counts.get(name, 0) for name in names], float)
            kinds = np.count_nonzero(seen)
            if kinds:
                chances = (seen + kinds * chances) / (seen.sum() + kinds)
        return chances

    def _name(self, symbol: int, reference: int) -> int:
        """A symbol as the table knows it: as it is, or with its pitch measured from the reference."""
        if not self.relative or symbol >= features.END:
            return symbol
        kind, pitch = divmod(symbol, features.PITCHES)
        return -1 - (kind * 2 * _SPAN + pitch - reference + _SPAN)

    def _view(self, past: tuple[int, ...], reference: int) -> tuple[int, ...]:
        return tuple(self._name(symbol, reference) for symbol in past)


def best(train: Sequence[Encoded], choose_on: Sequence[Encoded]) -> NGram:
    """The n-gram that does best on the pieces given for choosing: absolute or relative, of an order from 4 to 8."""

    def fitted(order: int, relative: bool) -> tuple[float, NGram]:
        table = NGram(order, relative=relative)
        table.fit(train)
        return table.score(choose_on).event_nll, table

    trials = [(order, relative) for relative in (True, False) for order in range(4, 9)]
    tried = [fitted(*trial) for trial in progress(trials, "counting n-grams", unit="table")]
    return min(tried, key=lambda trial: trial[0])[1]


def _choices(piece: Encoded, memory: int) -> Iterator[_Choice]:
    """All decisions of a piece, in order: the symbols of each event, then its length."""
    everything = np.arange(features.SYMBOLS, features.LOGITS)
    past: list[int] = []
    for position in range(len(piece.lengths)):
        row = piece.rows[position + features.CONTEXT - 1]
        steps = np.flatnonzero(row[: features.PITCHES] | row[features.PITCHES : 2 * features.PITCHES])
        sounded = tuple(int(step) + features.LOWEST for step in steps)
        reference = sounded[-1] - features.LOWEST if sounded else _MIDDLE
        symbols = [int(symbol) for symbol in piece.symbols[position] if symbol != EMPTY]
        for count, symbol in enumerate(symbols):
            allowed = np.array(features.possible(symbols[:count], sounded))
            yield _Choice(symbol, allowed, tuple(past[len(past) - memory :] if memory else ()), reference)
            past.append(symbol)
        if piece.lengths[position] != EMPTY:
            symbol = features.SYMBOLS + int(piece.lengths[position])
            yield _Choice(symbol, everything, tuple(past[len(past) - memory :] if memory else ()), reference)
            past.append(symbol)
