"""Encode pieces as arrays, and cut the crops that a training step sees.

Law: everything random comes from the generator that is passed in; a validation pass has none and sees each event once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bachd.music.event import Event
from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.neural import chord_spelling, features, outlook
from bachd.neural.outlook import NOWHERE, Outlook, along

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


def encode(piece: Piece, form: Form | None = None) -> Encoded:
    """Turn a piece into arrays; the network sees where `form` leads, if there is one."""
    events = in_layout(piece)
    outlooks = [NOWHERE] * (len(events) + 1) if form is None else along(form, events)
    return encode_events(piece, events, events, outlooks)


def in_layout(piece: Piece) -> list[Event]:
    """The events of a piece in terms of the feature layout."""
    return [part for event in piece.events for part in features.to_layout(event)]


def encode_events(piece: Piece, events: Sequence[Event], past: Sequence[Event], outlooks: Sequence[Outlook]) -> Encoded:
    """Turn the n events of a piece into arrays, each to be predicted from a past that may not be its own.

    past: n events of the same lengths, which the network sees as what came before. outlooks: what is known of each
    event, and of the end. The top note is not predicted where it is given.
    """
    onsets = list(accumulate((event.ticks for event in events), initial=0))
    rows = np.zeros((len(events) + features.CONTEXT, features.ROW), np.uint8)
    rows[: features.CONTEXT, features.PADDING] = 1
    rows[features.CONTEXT - 1, features.before_start(piece.grid.place(0), outlooks[0])] = 1
    before = [(), *(event.sounding for event in past)]
    for index, event in enumerate(past):
        place = piece.grid.place(onsets[index + 1])
        rows[features.CONTEXT + index, features.columns(event, before[index], place, outlooks[index + 1])] = 1
    spelled = [chord_spelling.spell(event, sounded) for event, sounded in zip(events, before, strict=False)]
    rows_of_symbols = [*(symbols for symbols, _ in spelled), [features.END_OF_PIECE]]
    width = max(map(len, rows_of_symbols))
    table = np.full((len(events) + 1, width), EMPTY, np.int32)
    notes = np.zeros((len(events) + 1, width, features.NOTES), np.uint8)
    for index, symbols in enumerate(rows_of_symbols):
        given = 0 if outlooks[index].given is None else 1
        table[index, given : len(symbols)] = symbols[given:]
        for count in range(given, len(symbols)):
            columns = chord_spelling.head_input_columns(symbols[:count], before[index], outlooks[index])
            notes[index, count, columns] = 1
    lengths = [*(length for _, length in spelled), EMPTY]
    pitches = [pitch for event in (*events, *past) for pitch in event.sounding] or [features.LOWEST]
    room = (features.LOWEST - min(pitches), features.HIGHEST - max(pitches))
    return Encoded(piece.name, rows, table, notes, np.array(lengths, np.int32), room)


def without_outlook(piece: Encoded) -> Encoded:
    """The same piece as a network sees it that is told of no plan."""
    rows, notes = piece.rows.copy(), piece.notes.copy()
    rows[:, features.OUTLOOK :] = 0
    notes[..., features.TONICS :] = 0
    return replace(piece, rows=rows, notes=notes)


def batches(
    pieces: Iterable[Encoded],
    *,
    batch_size: int,
    crop_length: int,
    transpose: tuple[int, int],
    rng: np.random.Generator,
) -> Iterator[Batch]:
    """Yield an epoch for training: every piece once, transposed, their row cut at random and shuffled."""
    moved = []
    for piece in pieces:
        low, high = max(transpose[0], piece.room[0]), min(transpose[1], piece.room[1])
        moved.append(_transposed(piece, int(rng.integers(low, high + 1)) if low <= high else 0))
    order = rng.permutation(len(moved))
    yield from shuffled([moved[index] for index in order], batch_size=batch_size, crop_length=crop_length, rng=rng)


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


def _transposed(piece: Encoded, shift: int) -> Encoded:
    if shift == 0:
        return piece
    rows = piece.rows.copy()
    given = features.OUTLOOK + outlook.GIVEN
    for block in (slice(2 * features.PITCHES), slice(given, given + features.PITCHES)):
        rows[:, block] = _moved(piece.rows[:, block], shift)
    for first in (features.BASS, *(features.OUTLOOK + outlook.HOME + 12 * mode for mode in range(4))):
        rows[:, first : first + 12] = np.roll(piece.rows[:, first : first + 12], shift, axis=1)
    notes = piece.notes.copy()
    notes[..., : features.INTERVALS] = _moved(piece.notes[..., : features.INTERVALS], shift)
    for first in (features.TONICS, features.TONICS + 12):
        notes[..., first : first + 12] = np.roll(piece.notes[..., first : first + 12], shift, axis=-1)
    symbols = piece.symbols.copy()
    symbols[(symbols >= 0) & (symbols < features.END)] += shift
    return Encoded(piece.name, rows, symbols, notes, piece.lengths, piece.room)


def _moved(columns: Rows, shift: int) -> Rows:
    """Move each block of PITCHES columns by `shift` semitones; what leaves it at one end is gone."""
    blocks = columns.reshape(*columns.shape[:-1], -1, features.PITCHES)
    moved = np.zeros_like(blocks)
    if shift > 0:
        moved[..., shift:] = blocks[..., :-shift]
    else:
        moved[..., :shift] = blocks[..., -shift:]
    return moved.reshape(columns.shape)


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
