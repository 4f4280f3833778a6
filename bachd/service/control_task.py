"""Let a run be steered while it plays: by config.yaml, from the page, and with controllers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from bachd.config import Config
from bachd.realtime.clock import Clock
from bachd.realtime.player import Player
from bachd.service.parts import PartsExchange
from bachd.service.person.desk import PersonDesk
from bachd.service.person.steering import Steering
from bachd.service.person.trigger_wait import TriggerWait
from bachd.service.pieces.played import Music
from bachd.service.sd_notify import SystemdNotifier
from bachd.service.settings import last_good
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.draft import Draft
from bachd.service.settings.prepare import prepare
from bachd.service.settings.watch import SavedFile, saves
from bachd.service.telemetry.run_stats import RunStats
from bachd.service.tempo_source import Call
from bachd.service.web.commands import Commands, Timer
from bachd.service.web.process import Page
from bachd.yamlfile.keys import changes

log = logging.getLogger("bachd")


class ControlTask:
    """The task that serves the page and follows the file."""

    def __init__(
        self,
        path: Path | None,
        exchange: PartsExchange,
        player: Player,
        report: RunStats,
        notifier: SystemdNotifier,
        clock: Clock,
        call: Call,
        thread: Executor,
        music: Music,
        desk: PersonDesk,
        rest: Timer,
        switch_off: Callable[[Config], None],
    ) -> None:
        """Serves nothing yet. May wait for the disk.

        path: the file; None if there is none yet. call: see tempo_source.py. thread: for what may block. desk: where
        a person's controls arrive. switch_off: see run/ending.py.
        """
        self._exchange, self._report, self._notifier, self._thread = exchange, report, notifier, thread
        config = exchange.present.config
        # Unless something was kept for it, an empty file means the defaults: there is nothing to be said of it then.
        self._file = None if path is None else SavedFile(path, may_be_empty=not last_good.last()[0])
        opens = partial(prepare, clock=clock, lateness=report.lateness, call=call)
        self._live = LiveSettings(path, exchange, opens, report, thread)
        learn = TriggerWait(exchange, desk, call, thread).next
        self.commands = Commands(self._live, exchange, player, music, rest, thread, learn, switch_off)
        """What the page can ask for, and the keys of a terminal."""
        desk.steer = Steering(self._live, self.commands, exchange)
        self._page = Page(self.commands, exchange, thread, lambda: report.snapshot(exchange.present))
        self._page.keys = desk.page_keys
        desk.watchers.append(self._page)
        self._page.move(config.web)

    def begin_with(self, draft: Draft | None) -> None:
        """Take what the command line wants otherwise than the file for unsaved changes; None is nothing."""
        if draft is not None:
            self._live.draft = draft

    async def run(self, asked: asyncio.Event) -> None:
        """Serve and follow until this is cancelled. asked: set to have the file read again."""
        self._report.page = self._page
        await asyncio.gather(self._page.run(), self._follow_file(asked), self._follow_exchange())

    async def _follow_file(self, asked: asyncio.Event) -> None:
        """Bring the file into force at first, for it may have been saved since the start, and when it was saved."""
        await self._live.reload("playing by the last settings that could be used")
        self._notifier.status(self._line)
        async for _ in saves(self._file, asked, self._thread):
            self._notifier.reloading()
            await self._live.reload("the music goes on as it was")
            self._notifier.ready(self._line)
            self._page.refresh()

    async def _follow_exchange(self) -> None:
        """Log what has come into use, and serve the page where it is to be served then."""
        before = self._exchange.present.config
        while True:
            await self._exchange.used()
            config = self._exchange.present.config
            if changed := changes(before, config):
                log.info("in use from this bar on: %s", self._live.origin(changed))
                self._page.refresh()  # a controller may have done it
            before = config
            self._page.move(config.web)
            self._notifier.status(self._line)

    @property
    def _line(self) -> str:
        return self._report.line(self._exchange.present)
