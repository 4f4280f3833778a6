"""Hold a bundle against pieces it has not heard, through the very files that play.

Law: what is measured is the int8 bundle in the runtime that plays it, event by event, with all its rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.model import FloatArray, Model
from bachd.training.progress import progress
from bachd.training.score import Score


def score(model: Model, pieces: Sequence[Piece]) -> Score:
    """How well a model in its playing form predicts some pieces. Raises ModelError if a graph fails."""
    tally = _Tally()
    for piece in progress(pieces, "measuring", unit="piece"):
        _measure(model, piece, tally)
    return Score(tally.nats / tally.events, tally.hits / tally.symbols, tally.length_hits / tally.lengths, tally.events)


class _Tally:
    def __init__(self) -> None:
        self.nats = 0.0
        self.events = self.symbols = self.hits = self.lengths = self.length_hits = 0


def _measure(model: Model, piece: Piece, tally: _Tally) -> None:
    events = [part for event in piece.events for part in features.conform(event)]
    onsets = list(accumulate((event.ticks for event in events), initial=0))
    context = model.context()
    context.reset(piece.grid.place(0))
    sounded: tuple[int, ...] = ()
    for index in range(len(events) + 1):
        hidden = model.hear(context)
        if index < len(events):
            symbols, length = features.spell(events[index], sounded)
        else:
            symbols, length = [features.FINE], -1
        tally.events += 1
        for count, symbol in enumerate(symbols):
            logits = model.speak(hidden, symbols[:count], sounded)
            allowed = features.possible(symbols[:count], sounded)
            said, truth = logits[allowed], allowed.index(symbol)
            tally.nats += _surprise(said, truth)
            tally.symbols += 1
            tally.hits += int(said.argmax()) == truth
        if length >= 0:
            lasting = logits[features.SYMBOLS :]
            tally.nats += _surprise(lasting, length)
            tally.lengths += 1
            tally.length_hits += int(lasting.argmax()) == length
            context.push(events[index], piece.grid.place(onsets[index + 1]))
            sounded = events[index].sounding


def _surprise(logits: FloatArray, truth: int) -> float:
    """Negative log of the softmax at `truth`, in nats."""
    top = float(logits.max())
    return top + float(np.log(np.exp(logits.astype(np.float64) - top).sum())) - float(logits[truth])
