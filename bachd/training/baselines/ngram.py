"""Predict by n-grams: the strongest baseline that counting can make.

Law: it predicts the same symbols as the network, under the same rules of what is possible, on the same pieces; so its
nats an event and the network's can be compared.

An interpolated n-gram (Witten and Bell 1991, "The zero-frequency problem") over the row of symbols. In its relative
form pitches count from the highest note of the event before, which makes it blind to transposition: what the network
has to learn from moved copies, this gets for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bachd.neural import chord_spelling, features
from bachd.training.evaluate.prediction import Decisions, Score, tally
from bachd.training.fit.dataset import EMPTY, Spelled
from bachd.training.progress import progress

_MIDDLE: Final = 60 - features.LOWEST
_SPAN: Final = 4 * features.PITCHES
"""More than the numbers that a pitch, measured from another, can have."""
_CHUNK: Final = 2048
"""Decisions looked at in one go: as many as fit into a processor's cache a few times over."""

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]


class _Choices(NamedTuple):
    """All decisions about some pieces, in order, as arrays of one size."""

    symbols: Ints
    """What was chosen, as in `Decisions`."""
    references: Ints
    """Pitch, counted from LOWEST, that relative pitches are measured from."""
    past: Ints
    """How many decisions about the same piece came before."""


class _Table(NamedTuple):
    """Counts of what followed the contexts of one length."""

    contexts: Hashes
    """Ascending."""
    first: Ints
    """Index of each context's first entry; one more at the end."""
    names: Ints
    """By entry: what followed."""
    counts: Floats
    """By entry: how often."""


class NGram:
    """Counts of which symbol follows which `order - 1` symbols."""

    def __init__(self, order: int, *, relative: bool) -> None:
        self.order = order
        self.relative = relative
        self._tables = [_count(np.zeros(0, np.uint64), np.zeros(0, np.int64)) for _ in range(order)]

    def fit(self, pieces: Sequence[Spelled]) -> None:
        """Count all orders up to this one."""
        choices = _choices(pieces)
        names = self._names(choices.symbols, choices.references)
        self._tables = [
            _count(hashes[known], names[known]) for hashes, known in self._contexts(choices, slice(0, len(names)))
        ]

    def score(self, pieces: Sequence[Spelled]) -> Score:
        """Return how well the table predicts some pieces."""
        return self.scores(pieces)[-1]

    def scores(self, pieces: Sequence[Spelled]) -> list[Score]:
        """Return the same for the tables of all orders from 1 up to this one: each is part of the next."""
        choices = _choices(pieces)
        found: list[list[tuple[Floats, Floats, npt.NDArray[np.bool_]]]] = [[] for _ in range(self.order)]
        everything = _possible(pieces)
        for begin in range(0, len(choices.symbols), _CHUNK):
            chunk = slice(begin, begin + _CHUNK)
            truth = choices.symbols[chunk]
            here = np.arange(len(truth))
            for order, chances in enumerate(self._chances(choices, chunk, everything[chunk])):
                nats = -np.log(chances[here, truth])
                found[order].append((nats, chances.max(axis=1), chances.argmax(axis=1) == truth))
        symbols = choices.symbols.astype(np.int32)
        columns = [[np.concatenate(column) for column in zip(*rows, strict=True)] for rows in found]
        return [tally(Decisions(symbols, nats, tops, hits)) for nats, tops, hits in columns]

    def shortened(self, order: int) -> NGram:
        """Return the table of a lower order that this one contains."""
        table = NGram(order, relative=self.relative)
        table._tables = self._tables[:order]
        return table

    def _chances(self, choices: _Choices, chunk: slice, possible: npt.NDArray[np.bool_]) -> list[Floats]:
        """Return, for each order, probabilities, shape (N, LOGITS); rows sum to one and are 0 where `possible` is not.

        possible: shape (N, LOGITS), for the N decisions of the chunk.
        """
        references = choices.references[chunk]
        chances = possible / possible.sum(axis=1, keepdims=True)
        found = []
        for table, (hashes, known) in zip(self._tables, self._contexts(choices, chunk), strict=True):
            seen = np.where(possible, self._seen(table, hashes, known, references), 0.0)
            kinds = np.count_nonzero(seen, axis=1)[:, None]
            weight = seen.sum(axis=1, keepdims=True) + kinds
            chances = np.where(kinds > 0, (seen + kinds * chances) / np.maximum(weight, 1), chances)
            found.append(chances)
        return found

    def _seen(self, table: _Table, hashes: Hashes, known: npt.NDArray[np.bool_], references: Ints) -> Floats:
        """Return how often each answer followed each context: shape (N, LOGITS)."""
        seen = np.zeros((len(hashes), features.LOGITS))
        if not len(table.contexts):
            return seen
        at = np.minimum(np.searchsorted(table.contexts, hashes), len(table.contexts) - 1)
        rows = np.flatnonzero(known & (table.contexts[at] == hashes))
        sizes = table.first[at[rows] + 1] - table.first[at[rows]]
        entries = np.repeat(table.first[at[rows]] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        rows = np.repeat(rows, sizes)
        symbols, fits = self._symbols(table.names[entries], references[rows])
        seen[rows[fits], symbols[fits]] = table.counts[entries[fits]]
        return seen

    def _contexts(self, choices: _Choices, chunk: slice) -> list[tuple[Hashes, npt.NDArray[np.bool_]]]:
        """Return for each length from 0: a hash of the symbols before each decision, and whether there are so many."""
        start = np.arange(len(choices.symbols))[chunk]
        references = choices.references[chunk]
        hashes = np.zeros(len(start), np.uint64)
        found = []
        for length in range(self.order):
            if length:
                before = choices.symbols[np.maximum(start - length, 0)]
                hashes = _mixed(hashes + _mixed(self._names(before, references).astype(np.uint64)))
            found.append((hashes, choices.past[chunk] >= length))
        return found

    def _names(self, symbols: Ints, references: Ints) -> Ints:
        """Symbols as the table stores them: as they are, or with pitches relative to the references."""
        if not self.relative:
            return symbols
        kind, pitch = np.divmod(symbols, features.PITCHES)
        return np.where(symbols < features.END, (kind + 1) * 2 * _SPAN + pitch - references, symbols)

    def _symbols(self, names: Ints, references: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """The reverse of `_names`, and whether there is such a symbol."""
        if not self.relative:
            return names, np.ones(len(names), bool)
        kind, moved = np.divmod(names + _SPAN, 2 * _SPAN)
        pitch = moved - _SPAN + references
        plain = kind == 0
        return np.where(plain, names, (kind - 1) * features.PITCHES + pitch), plain | (
            (pitch >= 0) & (pitch < features.PITCHES)
        )


def best(train: Sequence[Spelled], choose_on: Sequence[Spelled]) -> NGram:
    """Return the n-gram that does best on the pieces for choosing: absolute or relative, of order 4 to 8."""
    tried: list[tuple[float, NGram]] = []
    for relative in progress((True, False), "counting n-grams", unit="table"):
        table = NGram(8, relative=relative)
        table.fit(train)
        nats = {order: score.event_nll for order, score in enumerate(table.scores(choose_on), 1)}
        order = min(range(4, 9), key=nats.__getitem__)
        tried.append((nats[order], table.shortened(order)))
    return min(tried, key=lambda trial: trial[0])[1]


def _choices(pieces: Sequence[Spelled]) -> _Choices:
    symbols, references, past = [], [], []
    for piece in pieces:
        lengths = np.where(piece.lengths == EMPTY, EMPTY, features.SYMBOLS + piece.lengths)
        table = np.column_stack([piece.symbols, lengths]).astype(np.int64)
        tops = table[:-1, 0]  # spelling begins with the highest note
        highest = np.concatenate([[_MIDDLE], np.where(tops < features.END, tops % features.PITCHES, _MIDDLE)])
        spoken = table != EMPTY
        symbols.append(table[spoken])
        references.append(np.repeat(highest, spoken.sum(axis=1)))
        past.append(np.arange(spoken.sum()))
    return _Choices(np.concatenate(symbols), np.concatenate(references), np.concatenate(past))


def _possible(pieces: Sequence[Spelled]) -> npt.NDArray[np.bool_]:
    """Return what each decision could have been: shape (N, LOGITS)."""
    rows = sum(int((piece.symbols != EMPTY).sum() + (piece.lengths != EMPTY).sum()) for piece in pieces)
    allowed = np.zeros((rows, features.LOGITS), bool)
    row = 0
    for piece in pieces:
        sounded: tuple[int, ...] = ()
        for spelled, length in zip(piece.symbols, piece.lengths, strict=True):
            symbols = [int(symbol) for symbol in spelled if symbol != EMPTY]
            for count in range(len(symbols)):
                allowed[row, chord_spelling.possible(symbols[:count], sounded)] = True
                row += 1
            if length != EMPTY:
                allowed[row, features.SYMBOLS :] = True
                row += 1
            sounded = tuple(features.LOWEST + symbol % features.PITCHES for symbol in reversed(symbols[:-1]))
    return allowed


def _count(contexts: Hashes, names: Ints) -> _Table:
    order = np.lexsort((names, contexts))
    contexts, names = contexts[order], names[order]
    new_context = np.ones(len(order), bool)
    new_context[1:] = contexts[1:] != contexts[:-1]
    new = new_context.copy()
    new[1:] |= names[1:] != names[:-1]
    at = np.flatnonzero(new)
    first = np.append(np.flatnonzero(new_context[at]), len(at))
    return _Table(contexts[new_context], first, names[at], np.diff(np.append(at, len(order))).astype(float))


def _mixed(values: Hashes) -> Hashes:
    """Numbers as good as random, the same for equal values (SplitMix64: Steele, Lea and Flood 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
