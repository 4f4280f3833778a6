"""Compose in a thread of its own, ahead of the player, and take other parts into use where a bar begins.

Law: the event loop never computes; nothing is composed ahead before the first step has been sent, so that it comes
soon; one thing is composed at a time. What is played again is what was played, and costs nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from bachd.music.event import TICKS, Event
from bachd.music.metre import Place
from bachd.music.performance.ritardando import pace
from bachd.music.piece import Origin, Step
from bachd.realtime.player import Composed
from bachd.service.factory import make_change
from bachd.service.pieces.history import PlayedPieces

if TYPE_CHECKING:
    from bachd.neural.step_buffer import StepBuffer
    from bachd.realtime.performer import Change
    from bachd.service.parts import PartsExchange
    from bachd.service.person.answer import Answer
    from bachd.service.pieces.played import Played
    from bachd.service.telemetry.run_stats import RunStats

T = TypeVar("T")


class ComposerThread:
    """The composer in use, called in a thread. The methods are for the event loop."""

    def __init__(self, exchange: PartsExchange, stats: RunStats, thread: Executor, events: int | None) -> None:
        """Compose nothing yet. thread: one, for this alone. events: how many to compose; None for no limit."""
        self._exchange = exchange
        self._stats = stats
        self._thread = thread
        self._left = events
        self._before: Step | None = None  # the step composed last
        self._pieces = PlayedPieces()
        self._composer: StepBuffer | None = None  # by which the newest of them was begun
        self._again: deque[Step] = deque()  # what is played before the composer goes on
        self._asked: Callable[[], Awaitable[None]] | None = None  # for the next bar
        self._unsent: Step | None = None  # the same, as long as the player has not sent it
        self._busy = False  # with the step that the player waits for
        self._lent: Answer | None = None
        self._has_room = asyncio.Event()  # perhaps; to compose further ahead

    async def next(self, opens_bar: bool) -> Composed | None:
        """Return the next step, with what is offered if it can be taken here; None after the last event."""
        if self._left == 0:
            return None
        change = self.take_offered() if opens_bar or self._exchange.is_for_any_event else None
        if opens_bar and self._asked is not None:
            asked, self._asked = self._asked, None
            await asked()
        return await self._compose(change)

    async def restart(self) -> Composed | None:
        """Return the first step of the present piece, again, or of the first one of another composer."""
        if self._left == 0:
            return None
        change, self._before, self._asked = self.take_offered(), None, None
        if self._can_restart:
            self._again = deque([*self._from(self.number), *self._again])
        else:
            self._again.clear()
            await self._call(self._source.restart)
        self._pieces.drop_unsent()
        return await self._compose(change)

    def skip(self) -> None:
        """Go on with another piece from the next bar on."""
        self._asked = self._skip

    def again(self) -> None:
        """Play the present piece once more, from the next bar on; it goes on where it was left then."""
        self._asked = partial(self._repeat, self.number)

    def replay(self, steps: Sequence[Step]) -> None:
        """Play these steps, a whole piece, from the next bar on, and another piece of the composer's after it."""
        self._asked = partial(self._insert, steps)

    @property
    def pieces(self) -> Sequence[Played]:
        """The last pieces, the present one last."""
        return self._pieces.all()

    @property
    def number(self) -> int:
        """The number of the piece that is heard, counted from 1; in the rest after it, too. 0 before the first."""
        return self._pieces.number

    @property
    def is_between(self) -> bool:
        """Whether a piece is over, nothing of the next has been sent, and `restart` plays the first of the two."""
        return self._pieces.is_between and self._can_restart

    def when_whole(self, number: int, call: Callable[[Played], None]) -> None:
        """Call with a piece once it is over, or at once; it must be one of `pieces`."""
        self._pieces.when_whole(number, call)

    @property
    def coming(self) -> Sequence[Step]:
        """The steps that have not been sent yet, as far as they are known."""
        return self.ahead if self._unsent is None else [self._unsent, *self.ahead]

    @property
    def ahead(self) -> Sequence[Step]:
        """The steps that come, as far as they are known, as high as they will be played."""
        semitones = self._exchange.present.config.transpose
        return [step.moved(semitones) for step in (*self._again, *self._source.ahead)]

    async def _skip(self) -> None:
        self._again.clear()
        await self._call(self._exchange.present.composer.skip)

    async def _repeat(self, number: int) -> None:
        if steps := self._from(number):
            self._again = deque([*self._breath(self._before, steps[0]), *steps, *self._again])

    def _from(self, number: int) -> Sequence[Step]:
        """A piece, and the newest one after it if that is another, as far as it was composed."""
        piece, newest = self._pieces.get(number), self._pieces.newest
        return piece if piece is newest or not piece else [*piece, *self._breath(piece[-1], newest[0]), *newest]

    @property
    def _can_restart(self) -> bool:
        heard = self._lent is None and self._pieces.number
        return bool(heard) and self._exchange.present.composer is self._composer

    async def _insert(self, steps: Sequence[Step]) -> None:
        await self._skip()
        self._again = deque([*self._breath(self._before, steps[0]), *steps])

    def _breath(self, last: Step | None, first: Step) -> Sequence[Step]:
        """What is between a step that reaches a bar line and a piece that begins with `first`."""
        if last is None:
            return ()
        place, metre = last.place, last.place.metre
        rest = metre.bar - (first.place.metre.bar - first.place.phase) % first.place.metre.bar
        while rest < 2 * TICKS:
            rest += metre.bar
        where = Place(place.bar + 1, 0, metre)
        return (Step(Event((), (), rest), where, Origin.BREATH, last.piece, upbeat=last.upbeat),)

    def take_offered(self) -> Change | None:
        """Take the parts that are offered, if any; a bar must begin, or nothing sound. Returns how to play then."""
        before = self._exchange.present
        parts = self._exchange.take()
        return None if parts is None else make_change(before, parts)

    def lend(self, answer: Answer | None) -> None:
        """Let an answer be played instead of what is composed, from the next step on; None: no longer."""
        if answer is not self._lent:
            self._lent = answer
            self._again.clear()

    @property
    def _source(self) -> StepBuffer | Answer:
        return self._lent or self._exchange.present.composer

    def on_sent(self, due: float) -> None:
        """Note that the player has sent the step it was given last, which sounds at `due`, in monotonic seconds."""
        self._pieces.on_sent(due)
        self._unsent = None
        self._has_room.set()

    def on_retracted(self) -> None:
        """Note that the music was silenced: the plan goes on from another moment."""
        self._has_room.set()

    async def compose_ahead(self) -> None:
        """Compose what there is room for after each step that was sent, until this is cancelled."""
        while await self._has_room.wait():
            self._has_room.clear()
            page = self._stats.page
            self._source.record_alternatives(page is not None and page.watched)
            while await self._call(self._source.extend):
                pass
            if page is not None and not self._busy:
                page.plan(self._unsent, self.ahead)

    async def _compose(self, change: Change | None) -> Composed:
        if self._left is not None:
            self._left -= 1
        parts, before, source = self._exchange.present, self._before, self._source
        self._busy = True
        step = self._again.popleft() if self._again else await self._call(source.next)
        self._before, self._busy = step, False
        slowing = pace(before, step, self.ahead, parts.config.expression.ritardando)
        share = self._lent.pace if self._lent else parts.config.pace(step)
        self._unsent = replace(step.moved(parts.config.transpose), pace=slowing * share)
        self._pieces.add(step)
        if step.opens:
            self._composer = parts.composer
        if self._stats.events:
            self._has_room.set()
        return Composed(self._unsent, change)

    async def _call(self, function: Callable[[], T]) -> T:
        """Call a method of the composer in the thread; the time is recorded if it composed an event."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._timed, function)

    def _timed(self, function: Callable[[], T]) -> T:
        composer = self._source
        composed, began = composer.composed, monotonic()
        result = function()
        if composer.composed != composed:
            self._stats.composing.record(monotonic() - began)
        return result
