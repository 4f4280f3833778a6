"""The loop: the context goes to the model, an event comes back, is handed on, and joins the context.

Law: one call, one event, for ever; the same model, seed pieces and rng give the same steps. The music never freezes and
never goes round in circles: an event that would is drawn again, and where that does not help, the piece ends and
another begins.

A piece is some bars of a seed piece and what the model makes of them, until it says END_OF_PIECE. A breath follows:
the bar is filled with a rest, and one more bar, less the upbeat of the next piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from bachd.music import cadence
from bachd.music.event import Event
from bachd.music.metre import Grid, Place
from bachd.music.piece import Chance, Origin, Piece, Step
from bachd.music.stretches import FreezeDetector, LoopDetector
from bachd.neural import features
from bachd.neural.context import Saved
from bachd.neural.model import Model
from bachd.neural.sampler import Sampler

TEMPERATURE_BOOSTS: Final = (0.0, 0.2, 0.4, 0.8)
"""What is added to the temperature, try by try, while the guard turns events down."""
PATIENCE: Final = 48
"""Bars after the seed from which a piece that does not end is ended at the next resting chord."""
LIMIT: Final = 56
"""Bars after the seed at which it is ended anyhow."""
CHANCES: Final = 8
"""Events that a step tells of which could have come in its place."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a composer stood at some moment: all that changes from step to step."""

    piece: Piece
    seed: tuple[Event, ...]
    grid: Grid
    tick: int
    place: Place
    patience: int
    last: Event
    stillness: FreezeDetector
    circling: LoopDetector
    waiting: tuple[str, ...]
    context: Saved
    rng: tuple[Any, ...]


class Composer:
    """Writes music step by step. Not for use by several threads at once."""

    def __init__(
        self,
        model: Model,
        sampler: Sampler,
        *,
        first: Piece,
        others: Sequence[str],
        load: Callable[[str], Piece],
        bars: int,
        rng: Random,
    ) -> None:
        """Begin with `first`; later pieces are drawn from the names `others` and loaded.

        bars: full bars of each seed piece that are played before the model goes on; at least 1.
        """
        self.model = model
        self._sampler = sampler
        self._others = tuple(others)
        self._load = load
        self._bars = bars
        self.rng = rng
        self.recording_alternatives = False
        """Whether to find out for each step what else could have come; some ten times the work, the same music."""
        self._chances: tuple[Chance, ...] = ()
        self._context = model.context()
        self._freeze = FreezeDetector()
        self._loop = LoopDetector()
        self._waiting: list[str] = []
        self._first = first
        self._begin(first)

    def next(self) -> Step:
        """The next step. Raises ModelError when a graph fails, SeedError when the next seed piece holds no music."""
        if self._seed:
            return self._step(self._seed.popleft(), Origin.SEED)
        event = self._compose()
        if event is not None:
            return replace(self._step(event, Origin.MODEL), chances=self._chances)
        name, place = self._piece.name, self._place
        self._begin(self._another())
        rest = self._rest(place)
        if not rest:  # there has been silence enough
            return self.next()
        breath = Event((), (), rest)
        self._watch(breath, place)
        return Step(breath, place, Origin.BREATH, name)

    def restart(self) -> None:
        """Begin anew with the first piece; what the model makes of it will be something else."""
        self._freeze = FreezeDetector()
        self._loop = LoopDetector()
        self._begin(self._first)

    def mark(self) -> Mark:
        """What `resume` needs to come back to this moment."""
        return Mark(
            self._piece,
            tuple(self._seed),
            self._grid,
            self._tick,
            self._place,
            self._patience,
            self._last,
            copy(self._freeze),
            copy(self._loop),
            tuple(self._waiting),
            self._context.save(),
            self.rng.getstate(),
        )

    def resume(self, mark: Mark, sampler: Sampler) -> None:
        """Go on from where this mark was made, and draw with `sampler`, whose rng is this composer's."""
        self._piece = mark.piece
        self._seed = deque(mark.seed)
        self._grid = mark.grid
        self._tick = mark.tick
        self._place = mark.place
        self._patience = mark.patience
        self._last = mark.last
        self._freeze = copy(mark.stillness)
        self._loop = copy(mark.circling)
        self._waiting = list(mark.waiting)
        self._context.restore(mark.context)
        self.rng.setstate(mark.rng)
        sampler.set_key_bias(self._piece)
        self._sampler = sampler

    def _begin(self, piece: Piece) -> None:
        excerpt = piece.first_bars(self._bars)
        ticks = sum(event.ticks for event in excerpt)
        self._piece = piece
        self._seed = deque(part for event in excerpt for part in features.to_layout(event))
        # What the seed piece does later with its metre is its own affair.
        changes = tuple([change for change in piece.grid.changes if change[0] < ticks])
        self._grid = Grid(changes, piece.grid.upbeat)
        self._tick = 0
        self._place = self._grid.place(0)
        self._patience = self._grid.place(ticks).bar
        self._last = Event((), (), 1)
        self._context.reset(self._place)
        self._sampler.set_key_bias(piece)

    def _step(self, event: Event, origin: Origin) -> Step:
        place = self._place
        step = Step(event, place, origin, self._piece.name, opens=self._tick == 0)
        self._tick += event.ticks
        self._place = self._grid.place(self._tick)
        self._context.push(event, self._place)
        self._last = event
        self._watch(event, place)
        return step

    def _watch(self, event: Event, place: Place) -> None:
        self._freeze.add(event, place.metre)
        self._loop.add(event)

    def _compose(self) -> Event | None:
        """The model's next event, or None when the piece is over."""
        if self._is_too_long():
            return None
        hidden = self.model.encode(self._context)
        self._chances = (
            self._sampler.likeliest(hidden, self._last.sounding, CHANCES) if self.recording_alternatives else ()
        )
        for temperature_boost in TEMPERATURE_BOOSTS:
            event = self._sampler.sample(hidden, self._last.sounding, temperature_boost=temperature_boost)
            if event is None:
                return None
            if not (self._freeze.would_freeze(event, self._place.metre) or self._loop.would_loop(event)):
                return event
        return None

    def _is_too_long(self) -> bool:
        bars = self._place.bar - self._patience
        if bars >= PATIENCE and not self._place.phase and cadence.rests(self._last):
            return True
        return bars >= LIMIT

    def _another(self) -> Piece:
        """A piece other than the present one. Each is drawn once before any is drawn again."""
        if not self._waiting:
            self._waiting = [name for name in self._others if name != self._piece.name]
            self.rng.shuffle(self._waiting)
        return self._load(self._waiting.pop()) if self._waiting else self._piece

    def _rest(self, place: Place) -> int:
        """Ticks from `place`, where a piece has ended, to the next one, whose first full bar begins on a bar line."""
        bar = place.metre.bar
        rest = -place.phase % bar + bar - self._grid.upbeat
        while rest <= 0:
            rest += bar
        while rest > self._freeze.room((), place.metre):
            rest -= bar
        return max(0, rest)
