"""Tokenise events as the article "Play Bach" does: one token for all that sounds, out of a vocabulary.

Law: a token says who starts and who is held, as the network's symbols do, so that both predict the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bachd.music.event import Event
from bachd.music.piece import Piece
from bachd.neural import chord_spelling, features

PADDING, START, UNKNOWN, END_OF_PIECE = range(4)
"""Numbers of what is no chord: nothing, what stands before a piece, a token not in the vocabulary, a piece's end."""
CROP: Final = 64
"""Predictions a crop, after features.CONTEXT events that only lead up to them."""
NO_LENGTH: Final = len(features.LENGTHS)
"""Length of what has none."""
EMPTY: Final = -1
"""Marks places where nothing is to be said."""

Token = tuple[int, ...]
"""The symbols of an event."""
Vocabulary = Mapping[Token, int]
Ints = npt.NDArray[np.int32]


class Row(NamedTuple):
    """A piece as tokens; the arrays have one place for each of its n events and one for its end."""

    tokens: tuple[Token, ...]
    lengths: Ints
    struck: npt.NDArray[np.bool_]
    """Whether a note starts."""
    spelling: npt.NDArray[np.float64]
    """Nats of each token if it is spelled at random."""


class Numbered(NamedTuple):
    """A sequence as numbers: inputs, and the target after each place."""

    read: Ints
    before: Ints
    """Length of what is read."""
    said: Ints
    lengths: Ints


def row(piece: Piece, shift: int = 0) -> Row:
    """Tokenise a piece, moved by some semitones."""
    tokens, lengths, spelling = [], [], []
    sounded: tuple[int, ...] = ()
    for event in piece.events:
        starts, held = (tuple(pitch + shift for pitch in pitches) for pitches in (event.starts, event.held))
        for part in features.to_layout(Event(starts, held, event.ticks)):
            symbols, length = chord_spelling.spell(part, sounded)
            choices = [len(chord_spelling.possible(symbols[:count], sounded)) for count in range(len(symbols))]
            tokens.append(tuple(symbols))
            lengths.append(length)
            spelling.append(float(np.log(choices).sum()))
            sounded = part.sounding
    struck = [any(symbol < features.HOLD for symbol in token) for token in tokens]
    spelling.append(float(np.log(len(chord_spelling.possible([], sounded)))))
    return Row(
        (*tokens, (features.END_OF_PIECE,)),
        np.array([*lengths, EMPTY], np.int32),
        np.array([*struck, False]),
        np.array(spelling),
    )


def fits(piece: Piece, shift: int) -> bool:
    """Return whether a piece can be moved so far within the range of the models; it may always stay where it is."""
    pitches = [pitch for event in piece.events for pitch in event.sounding]
    return shift == 0 or all(features.LOWEST <= pitch + shift <= features.HIGHEST for pitch in pitches)


def vocabulary(rows: Iterable[Row]) -> Vocabulary:
    """Return the numbers of all tokens that these rows hold at least twice, and of the end."""
    counts = Counter(token for each in rows for token in each.tokens)
    known = sorted(token for token, count in counts.items() if count > 1 and token != (features.END_OF_PIECE,))
    return {(features.END_OF_PIECE,): END_OF_PIECE} | {
        token: number for number, token in enumerate(known, END_OF_PIECE + 1)
    }


def numbered(row: Row, known: Vocabulary) -> Numbered:
    """Return a row as the network's inputs and targets; arrays of its length."""
    said = np.array([known.get(token, UNKNOWN) for token in row.tokens], np.int32)
    read = np.concatenate([[START], said[:-1]]).astype(np.int32)
    before = np.concatenate([[NO_LENGTH], row.lengths[:-1]]).astype(np.int32)
    return Numbered(read, before, said, row.lengths)


def crops(whole: Numbered, first: int) -> Iterator[Numbered]:
    """Yield crops of CONTEXT + CROP places in which each event is a target once; in the first one, `first` + 1 are."""
    total = len(whole.said)
    for begin in range(first + 1 - CROP, total, CROP):
        start, end = max(0, begin - features.CONTEXT), min(total, begin + CROP)
        crop = Numbered(
            *(np.full(features.CONTEXT + CROP, fill, np.int32) for fill in (PADDING, NO_LENGTH, EMPTY, EMPTY))
        )
        for line, values in zip(crop, whole, strict=True):
            line[: end - start] = values[start:end]
        lead = max(0, begin - start)
        crop.said[:lead] = crop.lengths[:lead] = EMPTY
        yield crop
