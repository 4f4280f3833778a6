"""The settings of a run renewed while it plays: read again when the file was saved or the page asks, and used.

Law: whoever wanted other settings is told whether they came into use; settings that are refused change nothing.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from pathlib import Path

from bachd.errors import BachdError, StatusError
from bachd.realtime.clock import Clock
from bachd.realtime.player import Player
from bachd.service.parts import Exchange, Parts
from bachd.service.sd_notify import Notifier
from bachd.service.settings import last_good
from bachd.service.settings import prepare as preparing
from bachd.service.telemetry.run_stats import Report
from bachd.service.web.commands import Steering
from bachd.service.web.process import Page

log = logging.getLogger("bachd")


class Renewal:
    """Follows the file and the page."""

    def __init__(
        self,
        path: Path | None,
        exchange: Exchange,
        player: Player,
        report: Report,
        notifier: Notifier,
        clock: Clock,
        asked: asyncio.Event,
        thread: Executor,
    ) -> None:
        """Serves nothing yet. May wait for the disk.

        path: the file; None if there is none yet. asked: set to have it read again. thread: for what may block.
        """
        self._path = path
        self._exchange = exchange
        self._report = report
        self._notifier = notifier
        self._clock = clock
        self._asked = asked
        self._thread = thread
        self._wheel = Steering(path, exchange, player, asked, thread)
        self._page = Page(self._wheel, exchange, thread)
        self._page.move(exchange.present.config.web)

    async def run(self) -> None:
        """Have the page served, and follow the settings from there and from the file, until this is cancelled."""
        self._report.page = self._page
        await asyncio.gather(self._page.run(), self._follow())

    async def _follow(self) -> None:
        """Read the settings again whenever they have been saved, or that is asked for."""
        loop = asyncio.get_running_loop()

        def prepare() -> Parts:
            wanted = self._wheel.controls.wanted()
            parts = preparing.prepare(wanted, before, self._clock, self._report.lateness, loop.call_soon_threadsafe)
            if self._path is not None:
                last_good.keep(self._path, wanted)
            return parts

        async for _ in preparing.saves(self._path, self._exchange.present.config, self._asked, self._thread):
            self._notifier.reloading()
            before = self._exchange.present
            try:
                parts = await loop.run_in_executor(self._thread, prepare)
            except (BachdError, OSError) as error:  # OSError: no room, no files left
                fault = error if isinstance(error, BachdError) else StatusError(str(error))
                if not self._wheel.settle(fault):
                    self._report.refused = str(fault)
                    log.error("config refused, the music goes on as it was: %s", fault)
            else:
                self._report.refused = None
                self._wheel.settle(None)
                if changed := preparing.changes(before.config, parts.config):
                    await self._exchange.offer(parts)
                    log.info("in use from this bar on: %s of %s", changed, self._wheel.controls.path)
                    self._page.move(parts.config.web)
            self._notifier.ready(self._report.line(self._exchange.present))
            self._page.refresh()
