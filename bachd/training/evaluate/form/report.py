"""Compose pieces, count them, and count Bach's.

Law: the same bundle, corpus and rng give the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bachd.music.piece import Piece
from bachd.neural.bundle import Bundle
from bachd.neural.model import Model
from bachd.training.evaluate.analysis.passage import Passage, passages
from bachd.training.evaluate.form import compose, figures
from bachd.training.evaluate.form.figures import Ratio
from bachd.training.evaluate.form.table import Column, Table, column
from bachd.training.progress import progress


def run(bundle: Bundle, model: Model, bach: Iterable[Piece], count: int, rng: int) -> Table:
    """The figures of `count` pieces that a bundle composes, beside those of `bach`, which may be empty.

    Raises ModelError, SeedError as playing does.
    """
    composed, written = compose.pieces(bundle, model, count, rng), passages(bach)
    kind = figures.kind_of(written or composed)
    return Table(bundle.card.name, kind, rng, _column(composed, kind), _column(written, kind) if written else None)


def _column(pieces: Sequence[Passage], kind: str) -> Column:
    each: list[dict[str, Ratio]] = [
        figures.measure(passage, kind) for passage in progress(pieces, "counting", unit="piece")
    ]
    return column(pieces, kind, each)
