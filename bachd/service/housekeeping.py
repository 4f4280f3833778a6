"""What is looked after beside the music, about once a second, and what is shown and told of the run.

Law: nothing of this delays an event: it begins when the music plays, and what may block is done in another thread.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from concurrent.futures import Executor
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, Final

from bachd.errors import BachdError
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.service import exhausted
from bachd.service.parts import Exchange, Parts
from bachd.service.sd_notify import Notifier
from bachd.service.telemetry.run_stats import Report, log_to
from bachd.service.telemetry.status import StatusServer, socket_path

if TYPE_CHECKING:
    from bachd.service.terminal import View

log = logging.getLogger("bachd")

TENDING: Final = 1.0
"""Seconds between two looks at the output's connection, and two lines for systemd."""
REPORTING: Final = 60
"""Looks between two reports of lateness."""
AFTER: Final = 0.03
"""Seconds after its sound at which an event is drawn, so that no thread that sends has to wait for the picture."""


class Upkeep:
    """Whoever looks after a run."""

    def __init__(self, exchange: Exchange, report: Report, notifier: Notifier, clock: Clock, thread: Executor) -> None:
        """Looks after nothing yet. `thread` is for what may block."""
        self._exchange = exchange
        self._report = report
        self._notifier = notifier
        self._clock = clock
        self._thread = thread
        self._view: View | None = None

    async def run(self, stack: ExitStack) -> None:
        """Show the run, look after the output, and tell of both from time to time, until this is cancelled.

        stack: closes what is opened here.
        """
        loop = asyncio.get_running_loop()
        if sys.stdout.isatty():
            self._show(await loop.run_in_executor(self._thread, self._find_view), stack)
        await self._answer(stack)
        told = self._line()
        for look in count(1):
            await self._clock.sleep_until(self._clock.now() + TENDING)
            parts = self._exchange.present
            for line in await loop.run_in_executor(self._thread, _poll, parts):
                log.warning("%s", line)
            if parts.lead is not None and (news := parts.lead.news(self._clock.now())):
                log.log(news.level, "%s", news.line)
            if told != (told := self._line()):
                self._notifier.status(told)
            if self._report.page is not None:
                self._report.page.status(self._report.snapshot(parts))
            # A file is never late, and counts no messages.
            if look % REPORTING == 0 and (late := self._report.lateness.take()).count:
                log.info("lateness of %d messages: %s", late.count, late)

    def see(self, step: Step, due: float) -> None:
        """A step has been handed over; it sounds at `due`, monotonic seconds."""
        if self._view is not None:
            asyncio.get_running_loop().call_at(due + AFTER, self._view.show, step)  # whose clock is the monotonic one

    async def _answer(self, stack: ExitStack) -> None:
        """Let others ask how the run is doing."""
        server = StatusServer(socket_path(), lambda: self._report.snapshot(self._exchange.present))
        stack.callback(server.close)
        try:
            await server.start()
        except BachdError as fault:
            log.warning("%s", fault)

    def _find_view(self) -> View | None:
        from bachd.service.terminal import view_on  # takes its time

        return view_on(sys.stdout, lambda: self._report.figures(self._exchange.present))

    def _show(self, view: View | None, stack: ExitStack) -> None:
        if view is not None:
            stack.enter_context(log_to(view, self._report))
            self._view = stack.enter_context(view)

    def _line(self) -> str:
        return self._report.line(self._exchange.present)


def _poll(parts: Parts) -> list[str]:
    try:
        return parts.poll()
    except OSError as fault:
        if not exhausted.report(fault):
            raise
        return []
