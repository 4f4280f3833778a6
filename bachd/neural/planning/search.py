"""Compose several continuations of some bars, and choose the one that fits the plan best.

Law: the best of the candidates follows from the state, the plan, the sampler and its rng. The work is done an event at
a time, so that a waiting player can be served at any moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Final

from bachd.music.event import Event
from bachd.neural.model import Model
from bachd.neural.music_state import MusicState
from bachd.neural.planning import critic
from bachd.neural.planning.effort import Effort
from bachd.neural.planning.guide import Guide
from bachd.neural.planning.texture import Texture
from bachd.neural.sampling.lean import Lean
from bachd.neural.sampling.sampler import Sampler

TEMPERATURE_BOOSTS: Final = (0.0, 0.2, 0.4, 0.8)
"""What is added to the temperature, try by try, while the guard turns events down."""
COST: Final = 0.5
"""Weight, a nat, of how unlikely the chords were that the plan asked for."""
_FAILED: Final = 1e6
"""Faults of a candidate that got stuck."""


class Search:
    """Composes candidates for one stretch. The state is back where it was, and the best is known, when all is done."""

    def __init__(
        self, model: Model, sampler: Sampler, state: MusicState, guide: Guide, texture: Texture, effort: Effort
    ) -> None:
        self._model = model
        self._sampler = sampler
        self._state = state
        self._guide = guide
        self._texture = texture
        self._effort = effort
        self._lean: Lean | None = None
        self.best: list[Event] = []
        """The events that were chosen; few or none where every candidate got stuck."""
        self.stuck = False
        """Whether it did."""
        self.hurried = False
        """Whether to be content with the candidates that there are, as soon as there is one."""

    def run(self, until: int, density: float = 0.0, most: int | None = None) -> Iterator[None]:
        """Compose up to the tick `until`, at least; yields after each event.

        density: events a tick, about. most: candidates at most, however many there is time for.
        """
        start = self._state.mark()
        tick, before = self._state.tick, self._state.last
        classes = self._state.classes
        self._lean = self._guide.lean(self._state)
        least = float("inf")
        wanted = self._effort.candidates(until - tick, max(1, round((until - tick) * density)))
        wanted = min(wanted, most) if most else wanted
        for _ in range(wanted):
            if self.hurried and self.best:
                break
            self._sampler.cost = 0.0
            events: list[Event] = []
            faults = 0.0
            while self._state.tick < until:
                began = perf_counter()
                event = self._event()
                self._effort.composed(perf_counter() - began)
                if event is None:
                    faults = _FAILED - self._state.tick
                    break
                events.append(event)
                self._state.push(event)
                yield
            if wanted > 1:
                faults += COST * self._sampler.cost + self._speaks_against(events, before, classes, tick, until)
            if faults < least:
                least, self.best, self.stuck = faults, events, faults >= _FAILED / 2
            self._state.resume(start)
            if not events:
                yield

    def _speaks_against(
        self, events: Sequence[Event], before: Event, classes: Sequence[int], tick: int, until: int
    ) -> float:
        """Faults of some events that began at `tick`; the state is at their end."""
        guide = self._guide
        last = max(tick, min(until, self._state.tick) - 1)
        key = guide.key(last)
        faults = critic.faults(self._texture, before, events, key, guide.goal(tick) - tick)
        faults += guide.unlike(self._state, tick)
        return faults + critic.astray(self._texture, classes, events, guide.form.home, guide.closing(tick, last))

    def _event(self) -> Event | None:
        """The next event, or None if there is none with which the music goes on."""
        state = self._state
        filling = self._guide.fill(state)
        if filling is not None:
            return None if state.is_stuck_with(filling) else filling
        wish = self._guide.wish(state, self._lean)
        hidden = self._model.encode(state.context)
        goes_on = None
        for boost in TEMPERATURE_BOOSTS:
            event = self._sampler.sample(hidden, state.last.sounding, wish, state.outlook, temperature_boost=boost)
            if event is None or state.is_stuck_with(event):
                continue
            if self._texture.ranges or event.starts or event.sounding != state.last.sounding:
                return event
            goes_on = goes_on or event  # written music has no such event: it is a part of the one before
        return goes_on
