"""Check the connections about once a second, publish the state of the run, and draw it in a terminal.

Law: nothing of this delays an event: it begins when the music plays, and what may block is done in another thread.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Final

from bachd.errors import BachdError
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.output import TimedMessage
from bachd.service import resource_exhaustion
from bachd.service.parts import Parts, PartsExchange
from bachd.service.sd_notify import SystemdNotifier
from bachd.service.telemetry.run_stats import RunStats, log_to
from bachd.service.telemetry.status import StatusServer, socket_path

if TYPE_CHECKING:
    from bachd.service.run.terminal import TerminalView

log = logging.getLogger("bachd")

TENDING: Final = 1.0
"""Seconds between two checks of the connections, and two lines for systemd."""
REPORTING: Final = 60
"""Checks between two log lines with the lateness."""
AFTER: Final = 0.03
"""Seconds after its sound at which an event is drawn, so that no thread that sends has to wait for the picture."""


class Housekeeping:
    """The periodic work beside the music, and the view in a terminal."""

    def __init__(
        self, exchange: PartsExchange, stats: RunStats, notifier: SystemdNotifier, clock: Clock, thread: Executor
    ) -> None:
        """Start nothing yet. `thread` is for what may block."""
        self._exchange = exchange
        self._stats = stats
        self._notifier = notifier
        self._clock = clock
        self._thread = thread
        self._view: TerminalView | None = None
        self._drawing: asyncio.TimerHandle | None = None  # of notes of the moment
        self._coming: list[asyncio.TimerHandle] = []  # steps that will be drawn

    async def run(self, stack: ExitStack) -> None:
        """Show the run, check its connections and log what changes, until this is cancelled.

        stack: closes what is opened here.
        """
        loop = asyncio.get_running_loop()
        if sys.stdout.isatty():
            self._enter(await loop.run_in_executor(self._thread, self._open_view), stack)
        await self._answer(stack)
        sent = self._line()
        for check in count(1):
            await self._clock.sleep_until(self._clock.now() + TENDING)
            parts = self._exchange.present
            for line in await loop.run_in_executor(self._thread, _poll, parts):
                log.warning("%s", line)
            if parts.tempo_source is not None and (news := parts.tempo_source.news(self._clock.now())):
                log.log(news.level, "%s", news.line)
            if sent != (sent := self._line()):
                self._notifier.status(sent)
            if self._stats.page is not None:
                self._stats.page.status(self._stats.snapshot(parts))
            # A file is never late, and counts no messages.
            if check % REPORTING == 0 and (late := self._stats.lateness.take()).count:
                log.info("lateness of %d messages: %s", late.count, late)

    @property
    def view(self) -> TerminalView | None:
        """The view in a terminal, if there is one."""
        return self._view

    def show(self, step: Step, due: float) -> None:
        """Draw a step soon after it sounds, which is at `due`, in monotonic seconds."""
        if self._view is not None:
            loop = asyncio.get_running_loop()  # whose clock is the monotonic one
            self._coming = [each for each in self._coming if each.when() > loop.time()]
            self._coming.append(loop.call_at(due + AFTER, self._view.show, step))

    def live(self, messages: Sequence[TimedMessage], is_person: bool) -> None:
        """Draw notes of the moment, soon: those of a chord together."""
        if self._view is not None:
            self._view.live.take(messages, is_person)
            self._draw_soon()

    def expect(self, pitches: Sequence[int]) -> None:
        """Draw the chord that comes next while a person holds the note, soon."""
        if self._view is not None:
            self._view.live.expected = tuple(pitches)
            self._draw_soon()

    def _draw_soon(self) -> None:
        if self._drawing is None:
            self._drawing = asyncio.get_running_loop().call_later(AFTER, self._draw)

    def _draw(self) -> None:
        self._drawing = None
        if self._view is not None:
            self._view.redraw()

    def retract(self, moment: float) -> None:
        """Draw no step that was to sound after `moment`, in monotonic seconds."""
        for each in self._coming:
            if each.when() > moment + AFTER:
                each.cancel()

    async def _answer(self, stack: ExitStack) -> None:
        """Serve 'bachd status'."""
        server = StatusServer(socket_path(), lambda: self._stats.snapshot(self._exchange.present))
        stack.callback(server.close)
        try:
            await server.start()
        except BachdError as fault:
            log.warning("%s", fault)

    def _open_view(self) -> TerminalView | None:
        from bachd.service.run.terminal import open_view  # slow

        return open_view(sys.stdout, lambda: self._stats.figures(self._exchange.present))

    def _enter(self, view: TerminalView | None, stack: ExitStack) -> None:
        if view is not None:
            stack.callback(self._log_faults)  # the view takes what it has shown with it
            stack.enter_context(log_to(view, self._stats))
            self._view = stack.enter_context(view)

    def _log_faults(self) -> None:
        for fault in self._stats.in_force(self._exchange.present):
            log.warning("%s", fault)

    def _line(self) -> str:
        return self._stats.line(self._exchange.present)


def _poll(parts: Parts) -> list[str]:
    try:
        return parts.poll()
    except OSError as fault:
        if not resource_exhaustion.report(fault):
            raise
        return []
