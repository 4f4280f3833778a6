"""Measure how well a model predicts some pieces.

Law: the network, its int8 file and every baseline are measured by these figures and no others, from the same row of
decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bachd.music.form.plan import Form
from bachd.music.piece import Piece
from bachd.neural import chord_spelling, features
from bachd.neural.features import FloatArray
from bachd.neural.model import Model
from bachd.neural.outlook import NOWHERE, along
from bachd.training.progress import progress

BINS: Final = 15
"""Of the reliability table, of equal width."""


class Decisions(NamedTuple):
    """All decisions about some pieces, in order: the symbols of each event, then its length. Arrays of one size."""

    symbols: npt.NDArray[np.int32]
    """What was right: a symbol, or from features.SYMBOLS on the index of a length."""
    nats: npt.NDArray[np.float64]
    """Negative logarithm of the probability that it had."""
    tops: npt.NDArray[np.float64]
    """Probability of the likeliest answer."""
    hits: npt.NDArray[np.bool_]
    """Whether that was the right one."""


class Bin(NamedTuple):
    """The note decisions whose likeliest answer had a probability within one fifteenth of the scale."""

    decisions: int
    confidence: float
    """Mean probability of the likeliest answer."""
    accuracy: float
    """How often it was right."""


@dataclass(frozen=True, slots=True)
class Score:
    """Teacher-forced figures: each decision is made with everything before it given. None where not counted."""

    event_nll: float
    """Negative log-likelihood in nats an event."""
    note_accuracy: float
    """Share of the decisions 'which note next, or none' whose likeliest answer is right."""
    length_accuracy: float
    """The same for 'how long'."""
    events: int
    """Events predicted, ends of pieces among them."""
    note_nll: float | None = None
    """Nats of all such decisions, divided by the number of notes."""
    pitch_event_nll: float | None = None
    """Nats of the notes of an event, mean over the events in which at least one note starts; lengths left out."""
    pitch_event_accuracy: float | None = None
    """Share of those events that the likeliest symbol, step by step, spells exactly."""
    calibration_error: float | None = None
    """By how much the probability of the likeliest note and how often it is right differ: the expected calibration
    error of Naeini et al. 2015 over BINS bins (see Guo et al. 2017, arXiv:1706.04599)."""
    reliability: tuple[Bin, ...] = ()
    """The table that the error sums up, by probability; bins without decisions are left out."""

    def rounded(self) -> dict[str, float]:
        """The figures that were counted, by name, as a card and a report show them; without the table."""
        figures = {name: value for name, value in asdict(self).items() if name != "reliability"}
        return {name: round(value, 4) for name, value in figures.items() if value is not None}


def score(model: Model, pieces: Sequence[Piece], plans: Mapping[str, Form] | None = None) -> Score:
    """How well a model in its playing form predicts some pieces. Raises ModelError if a graph fails.

    plans: the forms of the pieces by their names, which it is told of; without, it is told of none.
    """
    tally = Tally()
    for piece in progress(pieces, "measuring", unit="piece"):
        rows = _decisions(model, piece, plans[piece.name] if plans else None)
        symbols, nats, tops, hits = zip(*rows, strict=True)
        tally.add(Decisions(np.array(symbols, np.int32), np.array(nats), np.array(tops), np.array(hits)))
    return tally.score()


def _decisions(model: Model, piece: Piece, form: Form | None) -> Iterator[tuple[int, float, float, bool]]:
    """What `Decisions` holds, one by one."""
    events = [part for event in piece.events for part in features.to_layout(event)]
    onsets = list(accumulate((event.ticks for event in events), initial=0))
    context = model.context()
    outlooks = [NOWHERE] * (len(events) + 1) if form is None else along(form, events)
    context.reset(piece.grid.place(0), outlooks[0])
    sounded: tuple[int, ...] = ()
    for index in range(len(events) + 1):
        hidden = model.encode(context)
        symbols, length = [features.END_OF_PIECE], -1
        if index < len(events):
            symbols, length = chord_spelling.spell(events[index], sounded)
        for count, symbol in enumerate(symbols):
            logits = model.head_logits(hidden, symbols[:count], sounded, outlooks[index])
            allowed = chord_spelling.possible(symbols[:count], sounded)
            yield symbol, *_judged(logits[allowed], allowed.index(symbol))
        if length >= 0:
            yield features.SYMBOLS + length, *_judged(logits[features.SYMBOLS :], length)
            context.push(events[index], piece.grid.place(onsets[index + 1]), outlooks[index + 1])
            sounded = events[index].sounding


def _judged(logits: FloatArray, truth: int) -> tuple[float, float, bool]:
    """Nats of the softmax at `truth`, its highest value, and whether that is at `truth`."""
    weights = np.exp(logits.astype(np.float64) - logits.max())
    total = weights.sum()
    return float(np.log(total / weights[truth])), float(1 / total), int(logits.argmax()) == truth


def tally(decisions: Decisions) -> Score:
    """All figures of some decisions, which make up at least one event."""
    found = Tally()
    found.add(decisions)
    return found.score()


class Tally:
    """Add up decisions, some events at a time."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._bins = np.zeros((3, BINS))

    def add(self, decisions: Decisions) -> None:
        """Take in the decisions about some whole events."""
        symbols, nats = decisions.symbols, decisions.nats
        notes = symbols < features.SYMBOLS
        said, surprise, hits = symbols[notes], nats[notes], decisions.hits[notes]
        ends = (said == features.END) | (said == features.END_OF_PIECE)
        event = np.cumsum(ends) - ends
        events = int(ends.sum())
        struck = np.bincount(event, said < features.HOLD, events) > 0
        sums = self._sums
        sums["nats"] += nats.sum()
        sums["events"] += events
        sums["symbols"] += len(said)
        sums["symbol hits"] += hits.sum()
        sums["lengths"] += (~notes).sum()
        sums["length hits"] += decisions.hits[~notes].sum()
        sums["note nats"] += surprise.sum()
        sums["notes"] += (~ends).sum()
        sums["struck"] += struck.sum()
        sums["struck nats"] += np.bincount(event, surprise, events)[struck].sum()
        # What precedes a symbol is given, so spelling step by step goes right as long as each step does.
        sums["struck hits"] += (np.bincount(event, ~hits, events)[struck] == 0).sum()
        tops = decisions.tops[notes]
        place = np.minimum((tops * BINS).astype(int), BINS - 1)
        self._bins += [np.bincount(place, weights, BINS) for weights in (None, tops, hits)]

    def score(self) -> Score:
        """All figures so far, of at least one event."""
        sums = self._sums
        struck = sums["struck"]
        bins = tuple(
            Bin(int(count), float(top / count), float(right / count)) for count, top, right in self._bins.T if count
        )
        apart = sum(bin_.decisions * abs(bin_.confidence - bin_.accuracy) for bin_ in bins)
        return Score(
            event_nll=float(sums["nats"] / sums["events"]),
            note_accuracy=float(sums["symbol hits"] / sums["symbols"]),
            length_accuracy=float(sums["length hits"] / max(1, sums["lengths"])),
            events=int(sums["events"]),
            note_nll=float(sums["note nats"] / max(1, sums["notes"])),
            pitch_event_nll=float(sums["struck nats"] / struck) if struck else None,
            pitch_event_accuracy=float(sums["struck hits"] / struck) if struck else None,
            calibration_error=float(apart / sums["symbols"]),
            reliability=bins,
        )
