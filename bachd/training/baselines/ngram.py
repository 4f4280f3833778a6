"""Predict by n-grams: the strongest baseline that counting can make.

Law: it predicts the same symbols as the network, under the same rules of what is possible, on the same pieces; so its
nats an event and the network's can be compared. Memory does not grow with the music that is counted.

An interpolated n-gram (Witten and Bell 1991, "The zero-frequency problem") over the row of symbols. In its relative
form pitches count from the highest note of the event before, which makes it blind to transposition: what the network
has to learn from moved copies, this gets for nothing. What is rare is forgotten once a table is full, as in the lossy
counting of Manku and Motwani 2002 ("Approximate frequency counts over data streams").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bachd.neural import chord_spelling, features
from bachd.training.baselines.ngram_table import EMPTY_TABLE, Floats, Hashes, Ints, Table, added, mixed, pruned
from bachd.training.evaluate.prediction import Decisions, Score, Tally
from bachd.training.fit.dataset import EMPTY, Spelled
from bachd.training.progress import progress

_MIDDLE: Final = 60 - features.LOWEST
_SPAN: Final = 4 * features.PITCHES
"""More than the numbers that a pitch, measured from another, can have."""
_CHUNK: Final = 2048
"""Decisions looked at in one go: as many as fit into a processor's cache a few times over."""
_BLOCK: Final = 1 << 18
"""Decisions that are counted in one go."""


class _Choices(NamedTuple):
    """All decisions about some pieces, in order, as arrays of one size."""

    symbols: Ints
    """What was chosen, as in `Decisions`."""
    references: Ints
    """Pitch, counted from LOWEST, that relative pitches are measured from."""
    past: Ints
    """How many decisions about the same piece came before."""


class NGram:
    """Counts of which symbol follows which `order - 1` symbols."""

    def __init__(self, order: int, *, relative: bool) -> None:
        self.order = order
        self.relative = relative
        self._tables = [EMPTY_TABLE] * order

    def fit(self, pieces: Iterable[Spelled]) -> None:
        """Count all orders up to this one."""
        self._tables = [EMPTY_TABLE] * self.order
        for block in _blocks(pieces):
            self.add(block)

    def add(self, pieces: Sequence[Spelled]) -> None:
        """Count some more pieces."""
        choices = _choices(pieces)
        names = self._names(choices.symbols, choices.references)
        self._tables = [
            pruned(added(table, hashes[known], names[known]))
            for table, (hashes, known) in zip(self._tables, self._contexts(choices, slice(0, len(names))), strict=True)
        ]

    def score(self, pieces: Iterable[Spelled]) -> Score:
        """Return how well the table predicts some pieces."""
        return self.scores(pieces)[-1]

    def scores(self, pieces: Iterable[Spelled]) -> list[Score]:
        """Return the same for the tables of all orders from 1 up to this one: each is part of the next."""
        tallies = [Tally() for _ in range(self.order)]
        for block in _blocks(pieces):
            for tally, decisions in zip(tallies, self._decisions(block), strict=True):
                tally.add(decisions)
        return [tally.score() for tally in tallies]

    def _decisions(self, pieces: Sequence[Spelled]) -> list[Decisions]:
        """Return what each order says of the decisions about some pieces."""
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
        return [Decisions(symbols, nats, tops, hits) for nats, tops, hits in columns]

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

    def _seen(self, table: Table, hashes: Hashes, known: npt.NDArray[np.bool_], references: Ints) -> Floats:
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
                hashes = mixed(hashes + mixed(self._names(before, references).astype(np.uint64)))
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


def counted(pieces: Iterable[Spelled]) -> list[NGram]:
    """Return tables of order 8 over some pieces: of relative pitches, and of absolute ones."""
    tables = [NGram(8, relative=relative) for relative in (True, False)]
    for block in _blocks(pieces):
        for table in tables:
            table.add(block)
    return tables


def best(tables: Iterable[NGram], choose_on: Sequence[Spelled]) -> NGram:
    """Return the table that does best on the pieces for choosing, of order 4 to 8."""
    tried: list[tuple[float, NGram]] = []
    for table in progress(tables, "trying n-grams", unit="table"):
        nats = {order: score.event_nll for order, score in enumerate(table.scores(choose_on), 1)}
        order = min(range(4, 9), key=nats.__getitem__)
        tried.append((nats[order], table.shortened(order)))
    return min(tried, key=lambda trial: trial[0])[1]


def _blocks(pieces: Iterable[Spelled]) -> Iterator[list[Spelled]]:
    """Yield pieces some at a time, each once."""
    block, size = [], 0
    for piece in pieces:
        block.append(piece)
        size += int((piece.symbols != EMPTY).sum()) + len(piece.lengths)
        if size >= _BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


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
