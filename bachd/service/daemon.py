"""The long run: where the parts are put together, looked after, and taken apart.

Law: while music plays, the event loop neither computes nor blocks: composing and tending the ports have threads of
their own. However a run ends, what sounds is released before the output is closed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

from bachd.config import Config
from bachd.errors import EXIT_OK
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness

if TYPE_CHECKING:
    from bachd.music.piece import Step
    from bachd.neural.composer import Composer
    from bachd.realtime.player import Player
    from bachd.service.view import View

log = logging.getLogger("bachd")

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a run."""
TENDING: Final = 1.0
"""Seconds between two looks at the output's connection."""
REPORTING: Final = 60
"""Looks between two reports of lateness."""
AFTER: Final = 0.03
"""Seconds after its sound at which an event is drawn, so that no thread that sends has to wait for the picture."""


def run(config: Config, seconds: float | None = None, events: int | None = None) -> int:
    """Play until a signal, for so many seconds from the first event on, or so many events. Returns the exit code.

    Raises BachdError when something cannot be opened or the model fails; nothing is left sounding then, either.
    """
    log.setLevel(logging.INFO)
    with _log_to(logging.StreamHandler()):
        asyncio.run(_Run(config, seconds, events).perform())
    return EXIT_OK


@contextmanager
def _log_to(handler: logging.Handler) -> Iterator[None]:
    """Let this handler alone have bachd's log for a while."""
    before, log.handlers = log.handlers, [handler]
    try:
        yield
    finally:
        log.handlers = before


class _Run:
    """One run, from the first import to the last note_off."""

    def __init__(self, config: Config, seconds: float | None, events: int | None) -> None:
        self._config = config
        self._seconds = seconds
        self._events = events
        self._rng = randbits(32) if config.seed.rng is None else config.seed.rng
        self._clock = MonotonicClock()
        self._lateness = Lateness()
        self._playing = asyncio.Event()
        self._stop = asyncio.Event()
        self._composed = 0
        self._seen = 0
        self._view: View | None = None

    async def perform(self) -> None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._stop.set)
        with ExitStack() as self._stack:
            self._thread = self._stack.enter_context(ThreadPoolExecutor(1, "composing"))
            self._loading = loop.run_in_executor(self._thread, self._load)
            self._stack.callback(self._loading.cancel)
            # Meanwhile the ports are opened, and what plays is imported.
            from bachd.midi.ports import open_outputs

            self._output = open_outputs(self._config.midi.output, self._clock, self._lateness)
            self._stack.callback(self._output.close)
            await self._until_stopped(self._player().perform(self._compose), self._tend(), self._stop.wait())
        log.info("stopped after %d events", self._seen)

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

    def _player(self) -> Player:
        from bachd.realtime.player import Player
        from bachd.realtime.transport import Transport

        return Player(
            self._output,
            Transport(self._config.tempo),
            self._clock,
            channels=self._config.midi.channels,
            program=self._config.midi.program,
            latency=self._config.midi.latency_ms / 1e3,
            on_step=self._see,
        )

    def _load(self) -> Composer:
        from bachd.service.composing import open_composer

        return open_composer(self._config, self._rng)

    async def _compose(self) -> Step | None:
        if self._composed == self._events:
            return None
        self._composed += 1
        composer = await self._loading
        return await asyncio.get_running_loop().run_in_executor(self._thread, composer.next)

    def _see(self, step: Step, due: float) -> None:
        """A step has been handed over; it sounds at `due`."""
        loop = asyncio.get_running_loop()
        if self._seen == 0:
            self._begin(step)
        elif step.opens:
            log.info("now %s", step.piece)
        self._seen += 1
        if self._view is not None:
            loop.call_at(due + AFTER, self._view.show, step)  # the loop's clock is the monotonic one, too

    def _begin(self, step: Step) -> None:
        log.info(
            "playing %s at %g bpm on %s (rng %d)", step.piece, self._config.tempo, self._output.description, self._rng
        )
        gc.freeze()  # what has been made by now stays: a collection need not look at it again
        if self._seconds is not None:
            asyncio.get_running_loop().call_later(self._seconds, self._stop.set)
        self._playing.set()

    async def _tend(self) -> None:
        """While music plays: show it, look after the output, and tell of lateness from time to time."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "tending") as thread:
            await self._playing.wait()
            if sys.stdout.isatty():
                self._show(await loop.run_in_executor(thread, self._find_view))
            for look in count(1):
                await self._clock.sleep_until(self._clock.now() + TENDING)
                for line in await loop.run_in_executor(thread, self._output.poll):
                    log.warning("%s", line)
                # A file is never late, and counts no messages.
                if look % REPORTING == 0 and (late := self._lateness.take()).count:
                    log.info("lateness of %d messages: %s", late.count, late)

    def _find_view(self) -> View | None:
        from bachd.service.view import view_on  # takes its time: nothing for the event loop, nor before the first event

        return view_on(sys.stdout, self._status)

    def _show(self, view: View | None) -> None:
        if view is not None:
            self._stack.enter_context(_log_to(view))
            self._view = self._stack.enter_context(view)

    def _status(self) -> str:
        late = self._lateness.overall()
        lateness = f"   lateness {late}" if late.count else ""
        return f"{self._config.tempo:g} bpm   {self._output.description}{lateness}"
