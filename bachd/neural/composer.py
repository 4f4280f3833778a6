"""The loop: a piece is planned, the context goes to the model, events come back, are handed on, and join the context.

Law: one call, one event, for ever; the same model, seed pieces and rng give the same steps. The music never freezes and
never goes round in circles. A piece ends where its plan has it end, or at the nearest place that can end it, and never
in the middle of a figure.

A piece is some phrases of a seed piece and what the model makes of them, as music/form/planner.py plans it. A breath
follows: the bar is filled with a rest, and as many bars more, less the upbeat of the next piece, as make a second of
silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

from bachd.music.event import Event
from bachd.music.form import plan, planner
from bachd.music.form.character import Character
from bachd.music.form.habits import Habits
from bachd.music.form.plan import Form
from bachd.music.performance import tempo
from bachd.music.piece import Chance, Origin, Piece, Step
from bachd.neural import features, music_state
from bachd.neural.model import Model
from bachd.neural.music_state import MusicState
from bachd.neural.planning.effort import Effort, Fixed
from bachd.neural.planning.guide import Guide
from bachd.neural.planning.texture import Texture
from bachd.neural.sampling.sampler import Sampler

if TYPE_CHECKING:
    from bachd.neural.planning.search import Search

CHANCES: Final = 8
"""Events that a step tells of which could have come in its place."""
MEMORY: Final = 1.0
"""How much a piece recalls of itself, 0 to 1, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a composer stood at some moment: all that changes from step to step."""

    piece: Piece
    form: Form
    seed: tuple[Event, ...]
    state: music_state.Mark
    waiting: tuple[str, ...]
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
        habits: Habits | None = None,
        effort: Effort | None = None,
        memory: float = MEMORY,
        likeness: float = 0.0,
    ) -> None:
        """Begin with `first`; later pieces are drawn from the names `others` and loaded.

        bars: full bars of each seed piece, about, that are played before the model goes on; at least 1. habits: what
        pieces are planned by. effort: how many candidates are composed for what is played; one if it is None.
        likeness: how closely a piece keeps to the character of its seed piece, 0 to 1.
        """
        self.model = model
        self.effort = effort or Fixed(1)
        self._sampler = sampler
        self._others = tuple(others)
        self._load = load
        self._bars = bars
        self.rng = rng
        self._habits = habits or Habits()
        self._memory = memory
        self._likeness = likeness
        self.recording_alternatives = False
        """Whether to find out for each step what else could have come; some ten times the work, the same music."""
        self._state = MusicState(model.context())
        self._waiting: list[str] = []
        self._first = first
        self._chosen: deque[Event] = deque()  # composed, but not handed on yet
        self._search: Iterator[None] | None = None
        self._searching: Search | None = None
        self._over = self._hurried = False
        self._begin(first)

    def next(self) -> Step:
        """The next step. Raises ModelError when a graph fails, SeedError when the next seed piece holds no music."""
        if self._seed:
            return self._step(self._seed.popleft(), Origin.SEED)
        while not self.prepare():
            if self._searching is not None:
                self._searching.hurried = self.effort.adapts
        if self._chosen:
            chances = self._alternatives() if self.recording_alternatives else ()
            return replace(self._step(self._chosen.popleft(), Origin.MODEL), chances=chances)
        name, place = self._piece.name, self._state.place
        upbeat, bpm = self._state.grid.upbeat > 0, tempo.of(self._piece)
        self._begin(self._another())
        rest = plan.breath(place, self._state.grid.upbeat, self._state.freeze.room((), place.metre))
        if not rest:  # there has been silence enough
            return self.next()
        breath = Event((), (), rest)
        self._state.rest(breath, place)
        return Step(breath, place, Origin.BREATH, name, upbeat=upbeat, tempo=bpm)

    def prepare(self) -> bool:
        """Do a little of what the next step needs; whether it is ready."""
        if self._seed or self._chosen:
            return True
        if self._search is None:
            if self._state.tick >= self._guide.end or self._over:
                return True
            self._search = self._compose()
        try:
            next(self._search)
        except StopIteration:
            self._search = None
            return True
        return False

    def restart(self) -> None:
        """Begin anew with the first piece; what the model makes of it will be something else."""
        self._state = MusicState(self.model.context())
        self._begin(self._first)

    def skip(self) -> None:
        """End the piece here; a breath follows, and another piece. Not while a step is prepared."""
        self._seed.clear()
        self._chosen.clear()
        self._search = self._searching = None
        self._over = True

    def mark(self) -> Mark:
        """What `resume` needs to come back to this moment; not while a step is prepared."""
        return Mark(
            self._piece, self._form, tuple(self._seed), self._state.mark(), tuple(self._waiting), self.rng.getstate()
        )

    def resume(self, mark: Mark, sampler: Sampler | None = None) -> None:
        """Go on from where this mark was made, and draw with `sampler`, whose rng is this composer's; None: as before.

        What comes up to the next bar line is composed without comparing candidates, since it is needed at once.
        """
        self._piece = mark.piece
        self._seed = deque(mark.seed)
        self._state.resume(mark.state)
        self._waiting = list(mark.waiting)
        self.rng.setstate(mark.rng)
        self._sampler = sampler or self._sampler
        self._sampler.adapt(self._piece)
        self._plan(mark.form)
        self._hurried = True

    def _begin(self, piece: Piece) -> None:
        excerpt, grid, planned = planner.begin(piece, self._bars, self._habits, self.rng)
        self._piece = piece
        self._seed = deque(part for event in excerpt for part in features.to_layout(event))
        self._state.begin(grid, planned)
        self._sampler.adapt(piece)
        self._plan(planned)

    def _plan(self, planned: Form) -> None:
        """Follow a plan from here on."""
        self._form = planned
        self._texture = Texture.of(self._piece)
        like = Character(self._piece.events) if self._likeness else None
        self._guide = Guide(planned, self._texture, self._memory, like, self._likeness)
        self._chosen = deque()
        self._search = self._searching = None
        self._over = self._hurried = False

    def _step(self, event: Event, origin: Origin) -> Step:
        state = self._state
        step = Step(
            event,
            state.place,
            origin,
            self._piece.name,
            opens=state.tick == 0,
            key=self._form.home,
            upbeat=state.grid.upbeat > 0,
            tempo=tempo.of(self._piece),
            phrase=self._form.at(state.tick).place(state.tick),
        )
        state.push(event)
        state.memory.learn()
        self.effort.played(event.ticks)
        return step

    def _compose(self) -> Iterator[None]:
        """Compose the next stretch; when it is over, its events are chosen, or the piece is."""
        state = self._state
        bar = state.place.metre.bar
        until = self._guide.until(state.tick, bar)
        most = None
        if self._hurried:
            until, most = min(until, state.tick + bar - state.place.phase % bar), 1
            self._hurried = False
        self._searching = search = self._new_search(self._guide, self.effort)
        yield from search.run(until, len(self._piece.events) / max(1, self._piece.ticks), most)
        self._searching = None
        self._chosen.extend(search.best)
        if search.stuck:
            self._over = True
            self._chosen.extend(self._ending(search.best))

    def _new_search(self, guide: Guide, effort: Effort) -> Search:
        from bachd.neural.planning.search import Search  # not needed as long as the seed plays

        return Search(self.model, self._sampler, self._state, guide, self._texture, effort)

    def _ending(self, events: Sequence[Event]) -> list[Event]:
        """A last chord for a piece that cannot go on after some events, unless even that would be stuck."""
        here = self._state.mark()
        for event in events:
            self._state.push(event)
        closing = plan.close_at(self._state.tick, self._form.home, self._state.place.metre)
        self._state.follow(closing)
        search = self._new_search(Guide(closing, Texture(1, ()), 0.0), Fixed(1))
        for _ in search.run(closing.phrases[-1].end):
            pass
        self._state.resume(here)
        return [] if search.stuck else search.best

    def _alternatives(self) -> tuple[Chance, ...]:
        state, hidden = self._state, self.model.encode(self._state.context)
        wish = self._guide.wish(state, self._guide.lean(state))
        return self._sampler.likeliest(hidden, state.last.sounding, CHANCES, wish, state.outlook)

    def _another(self) -> Piece:
        """A piece other than the present one. Each is drawn once before any is drawn again."""
        if not self._waiting:
            self._waiting = [name for name in self._others if name != self._piece.name]
            self.rng.shuffle(self._waiting)
        return self._load(self._waiting.pop()) if self._waiting else self._piece
