"""Run the daemon: open what it plays with, play until something ends it, and close everything in order.

Law: while music plays, the event loop neither computes nor blocks: composing and tending the ports have threads of
their own. Once everything is loaded, these get real-time priority where the system allows it. However a run ends, what
sounds is released before the output is closed. Changed settings come into use on a bar line, or not at all.
What the first note can do without is loaded after it.

systemd's watchdog (see sd_notify(3), WATCHDOG=1) is fed only when an event has been sent to the output, so a run that
hangs anywhere between network and output is restarted.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from secrets import randbits
from typing import TYPE_CHECKING, Final

from bachd.config import Config
from bachd.realtime import priority
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service import resource_exhaustion
from bachd.service.log_format import PrintableFormatter
from bachd.service.parts import PartsExchange
from bachd.service.run.ending import Ending
from bachd.service.run.start_up import open_parts
from bachd.service.run.tasks import until_one_ends
from bachd.service.sd_notify import SystemdNotifier
from bachd.service.telemetry.run_stats import RunStats, log_to
from bachd.service.tempo_source import Call

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.realtime.output import TimedMessage
    from bachd.realtime.performer import Change
    from bachd.service.control_task import ControlTask
    from bachd.service.person.desk import PersonDesk
    from bachd.service.run.housekeeping import Housekeeping
    from bachd.service.settings.draft import Draft

log = logging.getLogger("bachd")

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run; but a service takes SIGHUP, which means elsewhere that the terminal is gone, for 'reload'."""


def run(
    config: Config,
    seconds: float | None = None,
    events: int | None = None,
    *,
    path: Path | None = None,
    draft: Draft | None = None,
    first: Sequence[Step] = (),
) -> int:
    """Play until a signal, for so many seconds or so many events. Returns the exit code.

    seconds: counted from the first event on, or from when the run begins to wait for a clock, if none comes. path: the
    file that `config` was read from; when it is saved, or a service gets SIGHUP, it is read again. draft: its text, and
    what `config` has that is not in it. first: a piece to begin with, before any is composed.

    Raises BachdError when something cannot be opened or the model fails; nothing is left sounding then, either.
    """
    log.setLevel(logging.INFO)
    this = _Run(config, seconds, events, path, draft)
    this.first = first
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter())
    with log_to(handler, this.stats):
        asyncio.run(this.perform())
    return this.stop.code


class _Run:
    """One run, from the first import to the last note_off."""

    def __init__(
        self, config: Config, seconds: float | None, events: int | None, path: Path | None, draft: Draft | None
    ) -> None:
        self._config = config
        self._seconds, self._events, self._path, self._draft = seconds, events, path, draft
        self.first: Sequence[Step] = ()
        self._rng = randbits(32) if config.seed.rng is None else config.seed.rng
        self._clock = MonotonicClock()
        self.stats = RunStats(Lateness())
        self._notifier = SystemdNotifier.from_environment()
        self._playing, self._reload = asyncio.Event(), asyncio.Event()
        self.stop = Ending()
        self._housekeeping: Housekeeping | None = None
        self._desk: PersonDesk | None = None
        self._stopping: asyncio.TimerHandle | None = None

    async def perform(self) -> None:
        self._handle_signals()
        loop, lateness, awaiting = asyncio.get_running_loop(), self.stats.lateness, self._notifier.is_connected
        with ExitStack() as self._stack:
            self._stack.callback(self._notifier.close)
            self._composing = thread = self._stack.enter_context(ThreadPoolExecutor(1, "composing"))
            self._exchange = PartsExchange(
                await open_parts(self._config, self._path, self._rng, self._clock, lateness, thread, awaiting=awaiting)
            )
            self._stack.callback(self._exchange.close)
            self._stack.enter_context(priority.coming_first())
            await loop.run_in_executor(thread, priority.come_first)
            self._tending = self._stack.enter_context(ThreadPoolExecutor(1, "tending", priority.come_first))
            self._last = self._stack.enter_context(ExitStack())  # once the terminal is the shell's again
            self._make_player()
            if self._exchange.present.person is not None:
                await self._open_desk()
            await until_one_ends(
                self._player.perform(self._composer.next, self._composer.restart),
                self._composer.compose_ahead(),
                self._look_after(),
                self._rest.run(),
                self._follow_settings(),
                self.stop.wait(),
            )
            self._notifier.stopping()
        files = self._exchange.present.outputs.recordings
        log.info("stopped after %d events%s", self.stats.events, f", written to {', '.join(files)}" if files else "")

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(resource_exhaustion.on_loop_fault)
        for number in SIGNALS:
            reloads = number == signal.SIGHUP and self._notifier.is_connected
            loop.add_signal_handler(number, (self._reload if reloads else self.stop).set)

    def _make_player(self) -> None:
        # Loaded meanwhile, by the thread that has opened the composer.
        from bachd.service.factory import make_player
        from bachd.service.run.composer_thread import ComposerThread
        from bachd.service.run.schedule import Schedule

        self._composer = ComposerThread(self._exchange, self.stats, self._composing, self._events)
        if self.first:
            self._composer.replay([step.moved(-self._config.transpose) for step in self.first])
        parts, clock = self._exchange.present, self._clock
        self._player = make_player(
            parts, clock, on_step=self._on_step, on_retract=self._on_retract, on_wait=self._on_wait
        )
        self._rest = Schedule(self._exchange, self.stats, lambda: self._player.conductor)

    async def _open_desk(self) -> PersonDesk:
        """Return the desk for what a person plays, which is made once."""
        loop, slow, lend = asyncio.get_running_loop(), "bachd.service.person.ensemble", self._composer.lend
        ensemble = await loop.run_in_executor(self._tending, import_module, slow)
        if self._desk is None:
            self._desk = ensemble.open_desk(self._exchange, self._player, self._clock, lend, self._composing)
            self._stack.callback(self._desk.close)
        return self._desk

    def _on_wait(self) -> Change | None:
        """Feed the watchdog, and take other parts into use, while the conductor keeps the music waiting."""
        self._notifier.alive()
        self._close_replaced()
        before, change = self._exchange.present.composer, self._composer.take_offered()
        if self._desk is not None:
            self._desk.follow()
        if self._exchange.present.composer is not before:
            self._player.rewind()  # the step that waits is the old one's
        if not self._playing.is_set():
            log.info("%s", self.stats.line(self._exchange.present))
            self._begin_playing(self._clock.now())
        return change

    def _on_step(self, step: Step, due: float, messages: Sequence[TimedMessage]) -> None:
        """Count, log and show a step that was sent as `messages`; it sounds at `due`."""
        self._composer.on_sent(due)
        if self._desk is not None:
            self._desk.on_step(step, due, messages)
        self._notifier.alive()
        self.stats.count(step)
        if self.stats.events == 1:
            parts = self._exchange.present
            bpm = parts.bpm * parts.config.pace(step)
            log.info("playing %s at %g bpm on %s (rng %d)", step.piece, bpm, parts.outputs.description, self._rng)
            gc.freeze()  # what has been made by now stays: a collection need not look at it again
            gc.enable()
            self._begin_playing(due)
        elif step.opens:
            log.info("now %s", step.piece)
        self._close_replaced()
        bpm = self._exchange.present.bpm * step.pace
        self._rest.on_step(step, due, bpm)
        if self.stats.page is not None:
            self.stats.page.step(step, due, bpm, messages)
        if self._housekeeping is not None:
            self._housekeeping.show(step, due)

    def _on_retract(self, moment: float) -> None:
        """Show nothing of what was to sound after `moment`, for it does not, and have the plan shown anew."""
        if self.stats.page is not None:
            self.stats.page.retract(moment)
        if self._housekeeping is not None:
            self._housekeeping.retract(moment)
        self._composer.on_retracted()

    def _begin_playing(self, moment: float) -> None:
        """Start what runs beside the music, and the time after which the run stops, counted from `moment`."""
        if self._seconds is not None:
            if self._stopping is not None:
                self._stopping.cancel()
            self._stopping = asyncio.get_running_loop().call_at(moment + self._seconds, self.stop.set)
        self._notifier.ready(self.stats.line(self._exchange.present))
        self._playing.set()

    def _close_replaced(self) -> None:
        """Close the parts that were replaced, in a thread: a step has been sent without them, or nothing sounds."""
        if self._exchange.confirm():
            asyncio.get_running_loop().run_in_executor(self._tending, self._exchange.close_replaced)

    async def _look_after(self) -> None:
        """While music plays: check the ports and show the run."""
        await self._playing.wait()
        self._housekeeping = await asyncio.get_running_loop().run_in_executor(self._tending, self._make_housekeeping)
        (await self._open_desk()).watchers.append(self._housekeeping)
        await self._housekeeping.run(self._stack)

    async def _follow_settings(self) -> None:
        """While music plays: apply what is changed in the file and on the page."""
        await self._playing.wait()
        loop, desk = asyncio.get_running_loop(), await self._open_desk()
        control = await loop.run_in_executor(self._tending, self._make_control_task, loop.call_soon_threadsafe, desk)
        self._last.callback(control.commands.keeper.finish)
        from bachd.service.run.keyboard import opened

        with opened(control.commands, self.stop.set, lambda: self._housekeeping.view if self._housekeeping else None):
            await control.run(self._reload)

    def _make_housekeeping(self) -> Housekeeping:
        from bachd.service.run.housekeeping import Housekeeping  # slow: not for the event loop or before the first note

        return Housekeeping(self._exchange, self.stats, self._notifier, self._clock, self._tending)

    def _make_control_task(self, call: Call, desk: PersonDesk) -> ControlTask:
        from bachd.service.control_task import ControlTask  # slow, too

        parts = (self._path, self._exchange, self._player, self.stats, self._notifier, self._clock, call, self._tending)
        task = ControlTask(*parts, self._composer, desk, self._rest, self.stop.switch_off)
        task.begin_with(self._draft)
        return task
