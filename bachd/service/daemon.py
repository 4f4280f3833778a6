"""The long run: where the parts are put together, exchanged and taken apart.

Law: while music plays, the event loop neither computes nor blocks: composing and tending the ports have threads of
their own. All of these come before whatever else is busy, where the system allows it, once all is loaded. However a
run ends, what sounds is released before the output is closed. New settings come into use on a bar line, or not at all.

What goes on beside the music is elsewhere: housekeeping.py looks after the output and shows the run,
settings/apply.py follows the settings.

systemd hears that bachd is alive only when an event has been handed to the player, so a run that hangs anywhere on the
way from the network to the output is one that is started again.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

from bachd.config import Config
from bachd.errors import EXIT_OK
from bachd.music.ritardando import pace
from bachd.realtime import priority
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service.parts import Exchange, Parts
from bachd.service.run_stats import Report, log_to
from bachd.service.sd_notify import Notifier
from bachd.service.tempo_source import open_lead

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.neural.step_buffer import StepBuffer
    from bachd.realtime.player import Player
    from bachd.service.housekeeping import Upkeep
    from bachd.service.settings.apply import Renewal

log = logging.getLogger("bachd")

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run; but a service takes SIGHUP, which means elsewhere that the terminal is gone, for 'reload'."""


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
        self.report = Report(Lateness())
        self._notifier = Notifier.from_environment()
        self._playing = asyncio.Event()
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()
        self._composed = 0
        self._last: Step | None = None
        self._coming: Step | None = None  # composed, but not handed over yet
        self._composing = False
        self._wanted = asyncio.Event()  # there may be room in the plan
        self._upkeep: Upkeep | None = None

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

            midi, lateness, awaiting = self._config.midi, self.report.lateness, self._notifier.heard
            outputs = open_outputs(midi.output, self._clock, lateness, awaiting=awaiting, offsets=midi.offsets)
            with ExitStack() as opened:
                opened.callback(outputs.close)
                lead = await loop.run_in_executor(None, open_lead, self._config, loop.call_soon_threadsafe)
                if lead is not None:
                    opened.callback(lead.source.close)
                self._exchange = Exchange(Parts(self._config, self._rng, await self._loading, outputs, lead=lead))
                opened.pop_all()
            self._stack.callback(self._exchange.close)
            self._stack.enter_context(priority.coming_first())
            await loop.run_in_executor(self._thread, priority.come_first)
            self._tending = self._stack.enter_context(ThreadPoolExecutor(1, "tending", priority.come_first))
            self._player = self._make_player()
            await self._until_stopped(
                self._player.perform(self._compose, self._afresh),
                self._plan(),
                self._tend(),
                self._renew(),
                self._stop.wait(),
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

    def _load(self) -> StepBuffer:
        from bachd.service.factory import open_composer

        return open_composer(self._config, self._rng)

    def _make_player(self) -> Player:
        from bachd.service.factory import make_player

        return make_player(self._exchange.present, self._clock, on_step=self._see, on_wait=self._wait)

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

    async def _afresh(self) -> Step | None:
        """The first step of the first piece, again."""
        self._last = None
        self._use_offered()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._exchange.present.composer.restart)
        return await self._compose()

    async def _plan(self) -> None:
        """Compose further ahead after each step that has been handed over, one at a time, so that none has to wait."""
        loop = asyncio.get_running_loop()
        while await self._wanted.wait():
            self._wanted.clear()
            self._exchange.present.composer.record_alternatives(
                self.report.page is not None and self.report.page.watched
            )
            while await loop.run_in_executor(self._thread, self._exchange.present.composer.extend):
                pass
            if self.report.page is not None and not self._composing:
                self.report.page.plan(self._coming, self._exchange.present.composer.ahead)

    def _use_offered(self) -> None:
        """A bar begins, or nothing sounds: play with what is offered, if anything is."""
        from bachd.service.factory import change

        before = self._exchange.present
        if parts := self._exchange.take():
            change(self._player, before, parts)

    def _wait(self) -> None:
        """The music has to wait for who is followed; that is no reason to start it again."""
        self._notifier.alive()
        self._settle()
        before = self._exchange.present.composer
        self._use_offered()
        if self._exchange.present.composer is not before:
            self._player.rewind()  # the step that waits is the old one's
        if not self._playing.is_set():
            log.info("%s", self._line())
            self._notifier.ready(self._line())
            self._playing.set()

    def _settle(self) -> None:
        if self._exchange.settle():
            asyncio.get_running_loop().run_in_executor(self._tending, self._exchange.leave)

    def _see(self, step: Step, due: float) -> None:
        """A step has been handed over; it sounds at `due`."""
        self._coming = None
        self._wanted.set()
        self._notifier.alive()
        self.report.see(step)
        if self.report.events == 1:
            self._begin(step, due)
        elif step.opens:
            log.info("now %s", step.piece)
        self._settle()
        if self.report.page is not None:
            self.report.page.step(step, due, self._exchange.present.bpm * step.pace)
        if self._upkeep is not None:
            self._upkeep.see(step, due)

    def _begin(self, step: Step, due: float) -> None:
        parts = self._exchange.present
        log.info("playing %s at %g bpm on %s (rng %d)", step.piece, parts.bpm, parts.outputs.description, self._rng)
        gc.freeze()  # what has been made by now stays: a collection need not look at it again
        gc.enable()
        if self._seconds is not None:
            asyncio.get_running_loop().call_at(due + self._seconds, self._stop.set)
        self._notifier.ready(self._line())
        self._playing.set()

    async def _tend(self) -> None:
        """While music plays: look after it."""
        await self._playing.wait()
        self._upkeep = await asyncio.get_running_loop().run_in_executor(self._tending, self._make_upkeep)
        await self._upkeep.run(self._stack)

    async def _renew(self) -> None:
        """While music plays: let it be played by other settings."""
        await self._playing.wait()
        renewal = await asyncio.get_running_loop().run_in_executor(self._tending, self._make_renewal)
        await renewal.run()

    def _make_upkeep(self) -> Upkeep:
        from bachd.service.housekeeping import (
            Upkeep,  # takes its time: not for the event loop, nor before the first event
        )

        return Upkeep(self._exchange, self.report, self._notifier, self._clock, self._tending)

    def _make_renewal(self) -> Renewal:
        from bachd.service.settings.apply import Renewal  # so does this

        return Renewal(
            self._path,
            self._exchange,
            self._player,
            self.report,
            self._notifier,
            self._clock,
            self._reload,
            self._tending,
        )

    def _line(self) -> str:
        return self.report.line(self._exchange.present)
