"""Compose in a thread of its own, ahead of the player, and take other parts into use where a bar begins.

Law: the event loop never computes; nothing is composed ahead before the first step has been sent, so that it comes
soon; one thing is composed at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from bachd.music.performance.ritardando import pace
from bachd.realtime.player import Composed
from bachd.service.factory import make_change

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.realtime.performer import Change
    from bachd.service.parts import PartsExchange
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
        self._unsent: Step | None = None  # the same, as long as the player has not sent it
        self._busy = False  # with the step that the player waits for
        self._has_room = asyncio.Event()  # perhaps; to compose further ahead

    async def next(self, opens_bar: bool) -> Composed | None:
        """Return the next step, with what is offered if it opens a bar; None after the last event."""
        if self._left == 0:
            return None
        return await self._compose(self.take_offered() if opens_bar else None)

    async def restart(self) -> Composed | None:
        """Return the first step of the first piece, again; `next` goes on from there."""
        if self._left == 0:
            return None
        change, self._before = self.take_offered(), None
        await self._call(self._exchange.present.composer.restart)
        return await self._compose(change)

    def take_offered(self) -> Change | None:
        """Take the parts that are offered, if any; a bar must begin, or nothing sound. Returns how to play then."""
        before = self._exchange.present
        parts = self._exchange.take()
        return None if parts is None else make_change(before, parts)

    def on_sent(self) -> None:
        """Note that the player has sent the step it was given last."""
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
            self._exchange.present.composer.record_alternatives(page is not None and page.watched)
            while await self._call(self._exchange.present.composer.extend):
                pass
            if page is not None and not self._busy:
                page.plan(self._unsent, self._exchange.present.composer.ahead)

    async def _compose(self, change: Change | None) -> Composed:
        if self._left is not None:
            self._left -= 1
        parts, before = self._exchange.present, self._before
        self._busy = True
        step = self._before = await self._call(parts.composer.next)
        self._busy = False
        slowing = parts.config.expression.ritardando
        self._unsent = replace(step, pace=pace(before, step, parts.composer.ahead, slowing))
        if self._stats.events:
            self._has_room.set()
        return Composed(self._unsent, change)

    async def _call(self, function: Callable[[], T]) -> T:
        """Call a method of the composer in the thread; the time is recorded if it composed an event."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._timed, function)

    def _timed(self, function: Callable[[], T]) -> T:
        composer = self._exchange.present.composer
        composed, began = composer.composed, monotonic()
        result = function()
        if composer.composed != composed:
            self._stats.composing.record(monotonic() - began)
        return result
