"""How well something predicts some pieces.

Law: the network, its int8 file and every baseline are measured by these figures and no others, from the same row of
decisions.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from bachd.neural import features

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
    """Teacher-forced figures: each decision is made with everything before it given. None where nobody counted."""

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


def tally(decisions: Decisions) -> Score:
    """All figures of some decisions, which make up at least one event."""
    symbols, nats = decisions.symbols, decisions.nats
    notes = symbols < features.SYMBOLS
    said, surprise, hits = symbols[notes], nats[notes], decisions.hits[notes]
    ends = (said == features.END) | (said == features.END_OF_PIECE)
    event = np.cumsum(ends) - ends
    events = int(ends.sum())
    struck = np.bincount(event, said < features.HOLD, events) > 0
    bins = _reliability(decisions.tops[notes], hits)
    lengths = decisions.hits[~notes]
    return Score(
        event_nll=float(nats.sum() / events),
        note_accuracy=float(hits.mean()),
        length_accuracy=float(lengths.mean()) if len(lengths) else 0.0,
        events=events,
        note_nll=float(surprise.sum() / max(1, int((~ends).sum()))),
        pitch_event_nll=float(np.bincount(event, surprise, events)[struck].mean()) if struck.any() else None,
        # What precedes a symbol is given, so spelling step by step goes right as long as each step does.
        pitch_event_accuracy=float((np.bincount(event, ~hits, events)[struck] == 0).mean()) if struck.any() else None,
        calibration_error=sum(bin_.decisions * abs(bin_.confidence - bin_.accuracy) for bin_ in bins) / len(hits),
        reliability=bins,
    )


def _reliability(tops: npt.NDArray[np.float64], hits: npt.NDArray[np.bool_]) -> tuple[Bin, ...]:
    place = np.minimum((tops * BINS).astype(int), BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    sums = np.bincount(place, tops, BINS), np.bincount(place, hits, BINS)
    return tuple(
        Bin(int(count), float(top / count), float(right / count))
        for count, top, right in zip(counts, *sums, strict=True)
        if count
    )
