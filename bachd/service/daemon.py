"""The long run: where the parts are put together, looked after, exchanged and taken apart.

Law: while music plays, the event loop neither computes nor blocks: composing and tending the ports have threads of
their own. However a run ends, what sounds is released before the output is closed. New settings come into use on a bar
line, when all they need is open, or not at all.

systemd hears that bachd is alive only when an event has been handed to the player, so a run that hangs anywhere on the
way from the network to the output is one that is started again.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from itertools import count
from pathlib import Path
from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

from bachd.config import Config
from bachd.errors import EXIT_OK, BachdError
from bachd.music.ritardando import pace
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service import kept
from bachd.service.exchange import Exchange, Parts
from bachd.service.lead import conductor, open_lead, pulse
from bachd.service.notify import Notifier
from bachd.service.report import Report, log_to

if TYPE_CHECKING:
    from bachd.midi.outputs import Outputs
    from bachd.music.piece import Step
    from bachd.neural.plan import Plan
    from bachd.realtime.player import Player
    from bachd.service.page import Page
    from bachd.service.steering import Steering
    from bachd.service.view import View

log = logging.getLogger("bachd")

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run; but a service takes SIGHUP, which means elsewhere that the terminal is gone, for 'reload'."""
TENDING: Final = 1.0
"""Seconds between two looks at the output's connection, and two lines for systemd."""
REPORTING: Final = 60
"""Looks between two reports of lateness."""
AFTER: Final = 0.03
"""Seconds after its sound at which an event is drawn, so that no thread that sends has to wait for the picture."""


def run(config: Config, seconds: float | None = None, events: int | None = None, *, path: Path | None = None) -> int:
    """Play until a signal, for so many seconds from the first event on, or so many events. Returns the exit code.

    path: the file that `config` was read from; when it is saved, or a service gets SIGHUP, it is read again.

    Raises BachdError when something cannot be opened or the model fails; nothing is left sounding then, either.
    """
    log.setLevel(logging.INFO)
    this = _Run(config, seconds, events, path)
    with log_to(logging.StreamHandler(), this.report):
        asyncio.run(this.perform())
    return EXIT_OK


class _Run:
    """One run, from the first import to the last note_off."""

    def __init__(self, config: Config, seconds: float | None, events: int | None, path: Path | None) -> None:
        self._config = config
        self._seconds = seconds
        self._events = events
        self._path = path
        self._rng = randbits(32) if config.seed.rng is None else config.seed.rng
        self._clock = MonotonicClock()
        self._lateness = Lateness()
        self.report = Report(self._lateness)
        self._notifier = Notifier.from_environment()
        self._playing = asyncio.Event()
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()
        self._composed = 0
        self._last: Step | None = None
        self._coming: Step | None = None  # composed, but not handed over yet
        self._composing = False
        self._wanted = asyncio.Event()  # there may be room in the plan
        self._view: View | None = None
        self._page: Page | None = None

    async def perform(self) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            again = number == signal.SIGHUP and self._notifier.heard
            loop.add_signal_handler(number, (self._reload if again else self._stop).set)
        with ExitStack() as self._stack:
            self._stack.callback(self._notifier.close)
            self._thread = self._stack.enter_context(ThreadPoolExecutor(1, "composing"))
            self._loading = loop.run_in_executor(self._thread, self._load)
            self._stack.callback(self._loading.cancel)
            # Meanwhile the ports are opened, and what plays is imported.
            from bachd.midi.ports import open_outputs

            midi, awaiting = self._config.midi, self._notifier.heard
            outputs = open_outputs(midi.output, self._clock, self._lateness, awaiting=awaiting, offsets=midi.offsets)
            with ExitStack() as opened:
                opened.callback(outputs.close)
                lead = await loop.run_in_executor(None, open_lead, self._config, loop.call_soon_threadsafe)
                if lead is not None:
                    opened.callback(lead.source.close)
                self._exchange = Exchange(Parts(self._config, self._rng, await self._loading, outputs, lead=lead))
                opened.pop_all()
            self._stack.callback(self._exchange.close)
            self._tending = self._stack.enter_context(ThreadPoolExecutor(1, "tending"))
            self._player = self._make_player(outputs)
            await self._until_stopped(
                self._player.perform(self._compose), self._plan(), self._tend(), self._serve(), self._stop.wait()
            )
            self._notifier.stopping()
        log.info("stopped after %d events", self.report.events)

    async def _until_stopped(self, *parts: Coroutine[Any, Any, object]) -> None:
        """Run all parts until one of them ends. Raises what it raises, once all have ended."""
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in done:
            task.result()

    def _make_player(self, outputs: Outputs) -> Player:
        from bachd.realtime.player import Player

        return Player(
            outputs,
            conductor(self._config, self._exchange.present.lead),
            self._clock,
            **_manner(self._config, self._rng),
            pulse=pulse(self._config),
            on_step=self._see,
            on_wait=self._wait,
        )

    def _load(self) -> Plan:
        from bachd.service.composing import open_composer

        return open_composer(self._config, self._rng)

    async def _compose(self) -> Step | None:
        if self._composed == self._events:
            return None
        self._composed += 1
        if self._last is not None and self._last.reaches_bar:
            self._use_offered()
        composer, before = self._exchange.present.composer, self._last
        self._composing = True
        self._last = await asyncio.get_running_loop().run_in_executor(self._thread, composer.next)
        self._composing = False
        amount = self._exchange.present.config.expression.ritardando
        self._coming = replace(self._last, pace=pace(before, self._last, composer.ahead, amount))
        if self.report.events:  # nothing is planned before the music begins
            self._wanted.set()
        return self._coming

    async def _plan(self) -> None:
        """Compose further ahead after each step that has been handed over, one at a time, so that none has to wait."""
        loop = asyncio.get_running_loop()
        while await self._wanted.wait():
            self._wanted.clear()
            self._exchange.present.composer.wonder(self._page is not None and self._page.watched)
            while await loop.run_in_executor(self._thread, self._exchange.present.composer.extend):
                pass
            if self._page is not None and not self._composing:
                self._page.plan(self._coming, self._exchange.present.composer.ahead)

    def _use_offered(self) -> None:
        """A bar begins, or nothing sounds: play with what is offered, if anything is."""
        before = self._exchange.present
        if parts := self._exchange.take():
            self._player.change(
                parts.outputs,
                bpm=parts.config.bpm,
                conductor=None if parts.lead is before.lead else conductor(parts.config, parts.lead),
                pulse=None if parts.config.midi.clock == before.config.midi.clock else pulse(parts.config),
                **_manner(parts.config, parts.rng),
            )

    def _wait(self) -> None:
        """The music has to wait for who is followed; that is no reason to start it again."""
        self._notifier.alive()
        self._settle()
        self._use_offered()
        if not self._playing.is_set():
            log.info("%s", self._line())
            self._notifier.ready(self._line())
            self._playing.set()

    def _settle(self) -> None:
        if self._exchange.settle():
            asyncio.get_running_loop().run_in_executor(self._tending, self._exchange.leave)

    def _see(self, step: Step, due: float) -> None:
        """A step has been handed over; it sounds at `due`."""
        loop = asyncio.get_running_loop()
        self._coming = None
        self._wanted.set()
        self._notifier.alive()
        self.report.see(step)
        if self.report.events == 1:
            self._begin(step, due)
        elif step.opens:
            log.info("now %s", step.piece)
        self._settle()
        if self._page is not None:
            self._page.step(step, due, self._exchange.present.bpm * step.pace)
        if self._view is not None:
            loop.call_at(due + AFTER, self._view.show, step)  # the loop's clock is the monotonic one, too

    def _begin(self, step: Step, due: float) -> None:
        parts = self._exchange.present
        log.info("playing %s at %g bpm on %s (rng %d)", step.piece, parts.bpm, parts.outputs.description, self._rng)
        gc.freeze()  # what has been made by now stays: a collection need not look at it again
        gc.enable()
        if self._seconds is not None:
            asyncio.get_running_loop().call_at(due + self._seconds, self._stop.set)
        self._notifier.ready(self._line())
        self._playing.set()

    async def _serve(self) -> None:
        """While music plays: have its page served, and follow the settings from there and from the file."""
        await self._playing.wait()
        loop = asyncio.get_running_loop()
        wheel, page = await loop.run_in_executor(self._tending, self._make_page)
        self._page = self.report.page = page
        await asyncio.gather(page.run(), self._follow(wheel, page))

    def _make_page(self) -> tuple[Steering, Page]:
        from bachd.service.page import Page
        from bachd.service.steering import Steering

        wheel = Steering(self._path, self._exchange, self._player, self._reload, self._tending)
        page = Page(wheel, self._exchange, self._tending)
        page.move(self._exchange.present.config.web.listen)
        return wheel, page

    async def _follow(self, wheel: Steering, page: Page) -> None:
        """Read the settings again whenever they have been saved, or that is asked for."""
        loop = asyncio.get_running_loop()
        reload = await loop.run_in_executor(self._tending, import_module, "bachd.service.reload")

        def prepare() -> Parts:
            wanted = wheel.controls.wanted()
            parts: Parts = reload.prepare(wanted, before, self._clock, self._lateness, loop.call_soon_threadsafe)
            if self._path is not None:
                kept.keep(self._path, wanted)
            return parts

        async for _ in reload.saves(self._path, self._config, self._reload, self._tending):
            self._notifier.reloading()
            before = self._exchange.present
            try:
                parts = await loop.run_in_executor(self._tending, prepare)
            except BachdError as fault:
                if not wheel.settle(fault):
                    self.report.refused = str(fault)
                    log.error("config refused, the music goes on as it was: %s", fault)
            else:
                self.report.refused = None
                wheel.settle(None)
                if changed := reload.changes(before.config, parts.config):
                    await self._exchange.offer(parts)
                    log.info("in use from this bar on: %s of %s", changed, wheel.controls.path)
                    page.move(parts.config.web.listen)
            self._notifier.ready(self._line())
            page.refresh()

    async def _tend(self) -> None:
        """While music plays: show it, look after the output, and tell of both from time to time."""
        loop = asyncio.get_running_loop()
        await self._playing.wait()
        if sys.stdout.isatty():
            self._show(await loop.run_in_executor(self._tending, self._find_view))
        await self._answer()
        told = self._line()
        for look in count(1):
            await self._clock.sleep_until(self._clock.now() + TENDING)
            parts = self._exchange.present
            for line in await loop.run_in_executor(self._tending, parts.poll):
                log.warning("%s", line)
            if parts.lead is not None and (news := parts.lead.news(self._clock.now())):
                log.log(news.level, "%s", news.line)
            if told != (told := self._line()):
                self._notifier.status(told)
            if self._page is not None:
                self._page.status(self.report.snapshot(parts))
            # A file is never late, and counts no messages.
            if look % REPORTING == 0 and (late := self._lateness.take()).count:
                log.info("lateness of %d messages: %s", late.count, late)

    async def _answer(self) -> None:
        """Let others ask how the run is doing."""
        loop = asyncio.get_running_loop()
        status = await loop.run_in_executor(self._tending, import_module, "bachd.service.status")
        server = status.StatusServer(status.socket_path(), lambda: self.report.snapshot(self._exchange.present))
        self._stack.callback(server.close)
        try:
            await server.start()
        except BachdError as fault:
            log.warning("%s", fault)

    def _find_view(self) -> View | None:
        from bachd.service.view import view_on  # takes its time: nothing for the event loop, nor before the first event

        return view_on(sys.stdout, lambda: self.report.figures(self._exchange.present))

    def _show(self, view: View | None) -> None:
        if view is not None:
            self._stack.enter_context(log_to(view, self.report))
            self._view = self._stack.enter_context(view)

    def _line(self) -> str:
        return self.report.line(self._exchange.present)


def _manner(config: Config, rng: int) -> dict[str, Any]:
    """How a player is to play."""
    from bachd.service.composing import expression

    midi = config.midi
    return {
        "channels": midi.channels,
        "program": midi.program,
        "latency": midi.latency_ms / 1e3,
        "expression": expression(config, rng),
    }
