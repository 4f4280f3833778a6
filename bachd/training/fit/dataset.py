"""Define pieces and batches as arrays of features, and cut crops from pieces that are held in memory as such.

Law: everything random comes from the generator that is passed in; a validation pass has none and sees each event once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bachd.neural import features

LEAD: Final = features.CONTEXT - 1
"""Rows before the first prediction of a crop."""
EMPTY: Final = -1
"""Marks unused places in `Batch.symbols` and `Batch.lengths`."""

Rows = npt.NDArray[np.uint8]
Indexes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """A piece of n events as arrays; position j predicts event j from the CONTEXT rows that begin at row j."""

    name: str
    rows: Rows
    """Shape (n + CONTEXT, ROW), zeros and ones; the first CONTEXT rows stand before the piece."""
    symbols: Indexes
    """Shape (n + 1, K): each event's symbols, the last one END_OF_PIECE; EMPTY where there are fewer."""
    notes: Rows
    """Shape (n + 1, K, NOTES): the head's input before each symbol."""
    lengths: Indexes
    """Shape (n + 1,): index of each event's length; EMPTY for END_OF_PIECE."""
    room: tuple[int, int]
    """Semitones by which the piece can move down (negative) and up."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """The decisions about a piece of n events, without what they are made from."""

    symbols: Indexes
    """As in `Encoded`."""
    lengths: Indexes
    """As in `Encoded`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B crops of T predictions each; places where nothing is to be predicted are EMPTY."""

    rows: Rows
    """Shape (B, T + LEAD, ROW)."""
    symbols: Indexes
    """Shape (B, T, K)."""
    notes: Rows
    """Shape (B, T, K, NOTES)."""
    lengths: Indexes
    """Shape (B, T)."""


def shuffled(
    pieces: Sequence[Encoded], *, batch_size: int, crop_length: int, rng: np.random.Generator
) -> Iterator[Batch]:
    """Yield every piece once, their row cut at random and shuffled."""
    stream = _join(pieces, ahead=int(rng.integers(crop_length)))
    starts = np.arange(0, len(stream.lengths), crop_length)
    rng.shuffle(starts)
    yield from _cut(stream, starts, batch_size, crop_length)


def in_order(pieces: Sequence[Encoded], *, batch_size: int, crop_length: int) -> Iterator[Batch]:
    """Yield every event of every piece exactly once, as written."""
    stream = _join(pieces, ahead=0)
    yield from _cut(stream, np.arange(0, len(stream.lengths), crop_length), batch_size, crop_length)


def steps_per_epoch(pieces: Sequence[Encoded], *, batch_size: int, crop_length: int) -> int:
    """Return how many batches an epoch of training has at most."""
    return -(-(-(-sum(len(piece.rows) for piece in pieces) // crop_length) + 1) // batch_size)


def _join(pieces: Sequence[Encoded], ahead: int) -> Batch:
    """Concatenate all pieces, `ahead` empty places first. What would look back into the piece before is EMPTY."""
    total = ahead + sum(len(piece.rows) for piece in pieces)
    width = max(piece.symbols.shape[1] for piece in pieces)
    stream = Batch(
        np.zeros((total, pieces[0].rows.shape[-1]), np.uint8),
        np.full((total, width), EMPTY, np.int32),
        np.zeros((total, width, pieces[0].notes.shape[-1]), np.uint8),
        np.full(total, EMPTY, np.int32),
    )
    at = ahead
    for piece in pieces:
        stream.rows[at : at + len(piece.rows)] = piece.rows
        stream.symbols[at : at + len(piece.lengths), : piece.symbols.shape[1]] = piece.symbols
        stream.notes[at : at + len(piece.lengths), : piece.symbols.shape[1]] = piece.notes
        stream.lengths[at : at + len(piece.lengths)] = piece.lengths
        at += len(piece.rows)
    return stream


def _cut(stream: Batch, starts: npt.NDArray[Any], batch_size: int, crop_length: int) -> Iterator[Batch]:
    """Yield crops of a stream, `batch_size` at a time. The last one may overhang; nothing is to be predicted there."""
    last = len(stream.lengths) - 1
    for begin in range(0, len(starts), batch_size):
        chosen = starts[begin : begin + batch_size, None]
        here = chosen + np.arange(crop_length)
        beyond = here > last
        here = np.minimum(here, last)
        rows = stream.rows[np.minimum(chosen + np.arange(crop_length + LEAD), last)]
        symbols, lengths = stream.symbols[here], stream.lengths[here]
        symbols[beyond] = lengths[beyond] = EMPTY
        yield Batch(rows, symbols, stream.notes[here], lengths)
