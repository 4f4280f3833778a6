"""Compose pieces, count them, and count those of the corpus.

Law: the same bundle, corpus and rng give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.piece import Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.model import Model
from bachd.training.evaluate.analysis.passage import Passage, passages
from bachd.training.evaluate.form import compose, detector, figures
from bachd.training.evaluate.form.figures import CHORALES
from bachd.training.evaluate.form.four_parts import Ratio
from bachd.training.evaluate.form.grade import Reference
from bachd.training.evaluate.form.table import Column, Table, column
from bachd.training.progress import progress

_GRADED: Final = 32
"""Quarters after the seed that are graded by themselves: a grade gets worse the shorter a piece is."""


@dataclass(frozen=True)
class Report:
    """The figures, and the pieces that they were counted from."""

    table: Table
    composed: Sequence[Passage]
    written: Sequence[Passage]


def run(
    bundle: Bundle,
    model: Model,
    corpus: Iterable[Piece],
    count: int,
    rng: int,
    reference: Reference | None = None,
    label: str = "Bach",
) -> Report:
    """Count `count` pieces that a bundle composes, and `corpus`, which may be empty and is called `label`.

    reference: what to grade chorales by; without it they have no grade. Raises ModelError, SeedError as playing does.
    """
    composed, written = compose.pieces(bundle, model, count, rng), passages(corpus)
    kind = figures.kind_of(written or composed)
    ours, theirs = _measured(composed, kind), _measured(written, kind)
    more = {} if kind != CHORALES or reference is None else _grades(composed, reference)
    told = detector.judge(composed, written, (ours, theirs))
    table = Table(
        bundle.card.name,
        kind,
        rng,
        column(composed, kind, ours, more if told is None else {**more, "auc": told.auc}),
        _written(written, kind, theirs, reference),
        label,
        told.traits if told else (),
    )
    return Report(table, composed, written)


def _written(
    pieces: Sequence[Passage], kind: str, each: Sequence[dict[str, Ratio]], reference: Reference | None
) -> Column | None:
    if not pieces:
        return None
    return column(pieces, kind, each, _grades(pieces, reference) if reference and kind == CHORALES else {})


def _measured(pieces: Sequence[Passage], kind: str) -> list[dict[str, Ratio]]:
    return [figures.measure(passage, kind) for passage in progress(pieces, "counting", unit="piece")]


def _grades(pieces: Sequence[Passage], reference: Reference) -> dict[str, float]:
    """The medians of the grades of whole pieces, and of what comes first in each passage."""
    return {
        "grade": median(reference.grade(passage.piece.events) for passage in pieces),
        "grade_32": median(reference.grade(_beginning(passage.events)) for passage in pieces),
    }


def _beginning(events: Sequence[Event]) -> list[Event]:
    taken, ticks = [], 0
    for event in events:
        if ticks >= _GRADED * TICKS:
            break
        taken.append(event)
        ticks += event.ticks
    return taken
