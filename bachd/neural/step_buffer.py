"""Compose steps before the player asks for them, and take them back.

Law: the steps are those of the composer alone. New sampling comes into use on a bar line, as it would there: what was
planned beyond is forgotten, and the composer put back to that moment.

One thread composes, which calls `next`, `extend` and `restart`; any may look ahead, hand in a sampler, or ask for a
turn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import Final, Literal, TypeAlias

from bachd.music.performance.ritardando import SIGHT
from bachd.music.piece import Step
from bachd.neural.bar_history import BarHistory
from bachd.neural.composer import Composer, Mark
from bachd.neural.model import Model
from bachd.neural.planning.effort import Effort
from bachd.neural.sampling.sampler import Sampler

Turn: TypeAlias = Literal["re-roll", "undo", "freeze"]
"""Another way for the music to go on from the next bar line: with the last bar, composed anew; from the bar before it,
the same as then; or with the last bar, over and over, until this is asked for again."""

SLICE: Final = 0.004
"""Seconds of work after which `extend` returns, so that who needs the next step at once need not wait for long."""


@dataclass(frozen=True, slots=True)
class _Planned:
    step: Step
    mark: Mark | None
    """Where the composer stood after it; only where the next step is the first in a new bar."""


class StepBuffer:
    """A composer and the steps that it has composed ahead: none until `extend` is called."""

    def __init__(self, composer: Composer) -> None:
        """The composer is the plan's own from here on, and stands where a bar begins."""
        self._composer = composer
        # Replaced, never changed, so that any thread may read it. No tuple: of each length up to 20, Python keeps 2000
        # that are gone, and of those of 20, or that a generator filled, it uses none again: memory grows for hours.
        self._planned: list[_Planned] = []
        self._mark: Mark | None = composer.mark()  # of the moment before the next step, where that begins a bar
        self._history = BarHistory()
        self._turns: deque[Turn] = deque()
        self._opens_bar = True
        self._anew = 0  # bars that were composed anew
        self._sampler: Sampler | None = None
        self._effort: Effort | None = None
        self._fault: Exception | None = None
        self.composed = 0
        """Steps that were composed, whether or not they were played."""

    @property
    def model(self) -> Model:
        """The network."""
        return self._composer.model

    @property
    def rng(self) -> Random:
        """The random numbers that a new sampler must draw from."""
        return self._composer.rng

    @property
    def ahead(self) -> Sequence[Step]:
        """The steps after the last that was given away, as far as they are known."""
        return [*self._history.ahead, *(planned.step for planned in self._planned)]

    def turn(self, turn: Turn) -> None:
        """Let the music take a turn at the next bar line."""
        self._turns.append(turn)

    def record_alternatives(self, wanted: bool) -> None:
        """Record the alternatives of each step, from the next composed one on, or stop recording them."""
        self._composer.recording_alternatives = wanted

    def next(self) -> Step:
        """The next step, composed now if it was not planned. Raises what composing it raised; see `Composer.next`."""
        if self._opens_bar:
            while self._turns:
                self._take(self._turns.popleft())
            self._history.open(self._mark)
        step = self._history.next() or self._next_composed()
        self._history.add(step)
        self._opens_bar = step.reaches_bar
        return step

    def _take(self, turn: Turn) -> None:
        match turn:
            case "freeze":
                self._history.frozen = not self._history.frozen
            case "undo":
                self._history.go_back(2)
            case "re-roll":
                if (mark := self._history.before_last()) is not None:
                    self._anew += 1
                    self._composer.resume(mark)
                    self.rng.seed(f"{self.rng.random()} {self._anew}")
                    self._planned, self._fault, self._mark = [], None, self._composer.mark()

    def _next_composed(self) -> Step:
        if self._sampler is not None and self._mark is not None:
            self._composer.resume(self._mark, self._sampler)
            self._composer.effort = self._effort or self._composer.effort
            self._planned, self._sampler, self._fault = [], None, None
        if not self._planned:
            if self._fault is not None:
                fault, self._fault = self._fault, None
                raise fault
            self._compose()
        first, *rest = self._planned
        self._planned, self._mark = rest, first.mark
        return first.step

    def restart(self) -> None:
        """Forget what was planned, and begin anew with the first piece."""
        self._composer.restart()
        self._history.clear()
        self._opens_bar = True
        self._planned, self._mark, self._fault = [], self._composer.mark(), None

    def skip(self) -> None:
        """Forget what was planned, and end the piece here, if the next step is the first in a bar."""
        if self._mark is not None:
            self._history.clear()
            self._composer.resume(self._mark, self._sampler)
            self._composer.effort = self._effort or self._composer.effort
            self._composer.skip()
            self._planned, self._mark, self._sampler, self._fault = [], None, None, None

    def extend(self) -> bool:
        """Compose for a SLICE, if fewer steps are planned than an ending needs; whether there is room for more.

        What goes wrong is kept, and raised by `next` in its turn.
        """
        if self._has_room():
            try:
                self._compose_for(SLICE)
            except Exception as fault:  # noqa: BLE001  whatever it is, its turn comes
                self._fault = fault
        return self._has_room()

    def draw_with(self, sampler: Sampler, effort: Effort | None = None) -> None:
        """From the next bar line on, draw with another sampler, and with another effort unless that is None."""
        self._effort = effort
        self._sampler = sampler

    def _has_room(self) -> bool:
        after = self._planned[1:]  # the player must see SIGHT ticks behind the next step
        return self._fault is None and sum(planned.step.event.ticks for planned in after) < SIGHT

    def _compose_for(self, seconds: float) -> None:
        until = perf_counter() + seconds
        while perf_counter() < until:
            if self._composer.prepare():
                self._compose()
                return

    def _compose(self) -> None:
        step = self._composer.next()
        mark = self._composer.mark() if step.reaches_bar else None
        self._planned = [*self._planned, _Planned(step, mark)]
        self.composed += 1
