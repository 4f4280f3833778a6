"""Compose hour after hour without intervention, and convert Bach's pieces to the same form for comparison.

Law: the composer that is measured is the one that plays, with its usual settings. What the model made is kept apart
from the bars of the seeds and the breaths between pieces.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.loop_detector import frozen, periodic
from bachd.music.metre import Place
from bachd.music.piece import Origin, Piece, Step
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.composer import Composer
from bachd.neural.model import Model
from bachd.training.evaluate.event_arrays import Recorder, Row, of_pieces
from bachd.training.progress import progress

LEADING: Final = True
BARS: Final = 4
BPM: Final = 84.0
"""What config.yaml has by default, as have the two above."""

EXCERPT: Final = 16
"""Bars of music that a report shows."""


@dataclass(frozen=True, slots=True)
class Music:
    """Some music, played or written, and what is wrong with it."""

    row: Row
    """What the model made; or all of what Bach wrote."""
    hours: float
    """At BPM; seeds and breaths included."""
    pieces: int
    frozen: int
    """Stretches of the same pitches for more than two bars."""
    periodic: int
    """Stretches of more than 64 events that go round in circles."""
    out_of_range: int
    """Notes of the row outside the bundle's range."""
    excerpt: tuple[Event, ...]
    """EXCERPT bars of one piece, if one is that long; fewer otherwise."""


def play(bundle: Bundle, model: Model, hours: float, rng: int, *, leading: bool = LEADING) -> Music:
    """The first `hours` of music that the bundle plays with this rng; `leading` as `Sampler` has it.

    Raises ModelError, SeedError as playing does.
    """
    tape = _Tape(composer(bundle, model, Random(rng), leading=leading))
    stills = frozen(tape.roll(round(hours * 3600 * BPM / 60)))
    row = tape.recorder.row()
    return Music(
        row=row,
        hours=_hours(tape.ticks),
        pieces=tape.pieces,
        frozen=len(stills),
        periodic=sum(map(len, periodic(tape.events).values())),
        out_of_range=_outside(row, bundle.card.pitches),
        excerpt=tape.excerpt,
    )


def composer(bundle: Bundle, model: Model, rng: Random, *, leading: bool = LEADING) -> Composer:
    """A composer as the daemon makes it, with the bundle's own settings; it begins with any of its seeds."""
    drawing = assemble.sampler(bundle, model, rng, leading=leading)
    first = bundle.seed(rng.choice(bundle.seed_names))
    return assemble.composer(bundle, model, drawing, first=first, bars=BARS, rng=rng)


def written(pieces: Sequence[Piece], pitches: tuple[int, int], shown: Sequence[Piece]) -> Music:
    """Written pieces as music; the excerpt is the beginning of the first of `shown` that is long enough."""
    row = of_pieces(pieces)
    long = next((piece for piece in shown if piece.grid.place(piece.ticks).bar >= EXCERPT), None)
    longest = long or max(shown, key=lambda piece: piece.ticks, default=None)
    return Music(
        row=row,
        hours=_hours(int(row.ticks.sum())),
        pieces=len(pieces),
        frozen=sum(len(frozen(piece.placed())) for piece in pieces),
        periodic=sum(sum(map(len, periodic(piece.events).values())) for piece in pieces),
        out_of_range=_outside(row, pitches),
        excerpt=longest.first_bars(EXCERPT) if longest else (),
    )


class _Tape:
    """Takes down what a composer plays, in little room."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer
        self.recorder = Recorder()
        self.events = array("q")
        """A hash of each event, for who looks for circles."""
        self.ticks = self.pieces = 0
        self._full = False
        self._longest: list[Step] = []
        self._latest: list[Step] = []

    def roll(self, quarters: int) -> Iterator[tuple[Event, Place]]:
        """Play on, for so many quarter notes, and hand on each event with its place."""
        follows = False
        with progress((), "playing", total=quarters, unit="quarter") as bar:
            while self.ticks < quarters * TICKS:
                step = self._composer.next()
                if step.origin is Origin.MODEL:
                    self.recorder.add(step.event, breaks=not follows)
                follows = step.origin is Origin.MODEL
                self._show(step)
                self.events.append(hash(step.event))
                self.pieces += step.opens
                before = self.ticks
                self.ticks += step.event.ticks
                bar.update(min(self.ticks // TICKS, quarters) - before // TICKS)
                yield step.event, step.place

    @property
    def excerpt(self) -> tuple[Event, ...]:
        """The model's first EXCERPT bars of a piece, or the longest part of a piece if none had so many."""
        return tuple(step.event for step in max(self._longest, self._latest, key=len))

    def _show(self, step: Step) -> None:
        if self._full:
            return
        ours = step.origin is Origin.MODEL
        if ours and (not self._latest or step.place.bar < self._latest[0].place.bar + EXCERPT):
            self._latest.append(step)
            return
        self._full = ours
        self._longest = self._latest if ours else max(self._longest, self._latest, key=len)
        self._latest = []


def _hours(ticks: int) -> float:
    return ticks / TICKS / BPM / 60


def _outside(row: Row, pitches: tuple[int, int]) -> int:
    return int(((row.pitches < pitches[0]) | (row.pitches > pitches[1])).sum())
