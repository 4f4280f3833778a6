"""Compose whole pieces as the daemon does, from some bars of a seed.

Law: the composer is the one that plays, with the bundle's own settings; the same rng gives the same pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.composer import Composer
from bachd.neural.model import Model
from bachd.training.evaluate import free_run
from bachd.training.evaluate.analysis.passage import Passage, final_bass
from bachd.training.progress import progress

CUT_OFF: Final = 48
"""Bars after the seed from which on a piece counts as one that did not end by itself."""


def pieces(bundle: Bundle, model: Model, count: int, rng: int) -> list[Passage]:
    """The first `count` pieces that the bundle plays with this rng. Raises ModelError, SeedError as playing does."""
    composer = free_run.composer(bundle, model, Random(rng))
    bar = progress((), "composing", total=count, unit="piece")
    found = []
    with bar:
        for name, seed, events in _played(composer):
            found.append(_passage(bundle.seed(name), seed, events))
            bar.update()
            if len(found) == count:
                return found
    raise AssertionError("a composer never ends")


def _played(composer: Composer) -> Iterator[tuple[str, list[Event], list[Event]]]:
    """Piece by piece: the name of its seed, the events from the seed, and those composed."""
    name: str | None = None
    seed: list[Event] = []
    events: list[Event] = []
    while True:
        step = composer.next()
        if step.opens or step.origin is Origin.BREATH:
            if name is not None:
                yield name, seed, events
            name, seed, events = None, [], []
        if step.origin is not Origin.BREATH:
            name = step.piece
            (seed if step.origin is Origin.SEED else events).append(step.event)


def _passage(source: Piece, seed: list[Event], events: list[Event]) -> Passage:
    """A piece that grew from `source`; its grid is what the composer counts bars by."""
    start = sum(event.ticks for event in seed)
    grid = Grid(tuple(change for change in source.grid.changes if change[0] < start), source.grid.upbeat)
    piece = Piece(source.name, (*seed, *events), grid)
    passage = Passage(piece, start, source.name, final_bass(source) or 0)
    return Passage(piece, start, source.name, passage.final_bass, cut_off=passage.bars >= CUT_OFF)
