"""Hold a bundle against pieces it has not heard, through the very files that play.

Law: what is measured is the int8 bundle in the runtime that plays it, event by event, with all its rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.model import FloatArray, Model
from bachd.training.progress import progress
from bachd.training.score import Decisions, Score, tally


def score(model: Model, pieces: Sequence[Piece]) -> Score:
    """How well a model in its playing form predicts some pieces. Raises ModelError if a graph fails."""
    rows = [row for piece in progress(pieces, "measuring", unit="piece") for row in _decisions(model, piece)]
    symbols, nats, tops, hits = zip(*rows, strict=True)
    return tally(Decisions(np.array(symbols, np.int32), np.array(nats), np.array(tops), np.array(hits)))


def _decisions(model: Model, piece: Piece) -> Iterator[tuple[int, float, float, bool]]:
    """What `Decisions` holds, one by one."""
    events = [part for event in piece.events for part in features.conform(event)]
    onsets = list(accumulate((event.ticks for event in events), initial=0))
    context = model.context()
    context.reset(piece.grid.place(0))
    sounded: tuple[int, ...] = ()
    for index in range(len(events) + 1):
        hidden = model.hear(context)
        symbols, length = [features.FINE], -1
        if index < len(events):
            symbols, length = features.spell(events[index], sounded)
        for count, symbol in enumerate(symbols):
            logits = model.speak(hidden, symbols[:count], sounded)
            allowed = features.possible(symbols[:count], sounded)
            yield symbol, *_judged(logits[allowed], allowed.index(symbol))
        if length >= 0:
            yield features.SYMBOLS + length, *_judged(logits[features.SYMBOLS :], length)
            context.push(events[index], piece.grid.place(onsets[index + 1]))
            sounded = events[index].sounding


def _judged(logits: FloatArray, truth: int) -> tuple[float, float, bool]:
    """Nats of the softmax at `truth`, its highest value, and whether that is at `truth`."""
    weights = np.exp(logits.astype(np.float64) - logits.max())
    total = weights.sum()
    return float(np.log(total / weights[truth])), float(1 / total), int(logits.argmax()) == truth
