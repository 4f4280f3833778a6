"""A run whose settings are changed, without music."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import BachdError
from bachd.midi.fan_out import FanOut
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service.parts import Parts, PartsExchange
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.prepare import prepare
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import ScriptedComposer

Values: TypeAlias = dict[str, Any]


NOWHERE = "file:/no such folder/x.mid"


TEXT = "tempo: 84\nmidi: {output: none}\n"


class Run:
    """What a run plays with, and the settings that are applied to it."""

    def __init__(self, folder: Path, thread: ThreadPoolExecutor, content: str = TEXT) -> None:
        self.path = folder / "config.yaml"
        self.path.write_text(content)
        self.thread = thread
        composer: Any = ScriptedComposer()
        self.exchange = PartsExchange(Parts(Config(tempo=84.0, midi=Midi(output=("none",))), 1, composer, FanOut(())))
        self.report = RunStats(Lateness())
        self.opened: list[Config] = []
        self.live = LiveSettings(self.path, self.exchange, self._open, self.report, thread)

    @property
    def config(self) -> Config:
        return self.exchange.latest.config

    async def change(self, **values: Any) -> Config:
        return await self.live.apply(lambda draft: draft.changed(dotted(values)))

    async def bar(self) -> None:
        """A bar begins, and its first step is played."""
        self.exchange.take()
        if self.exchange.confirm():
            await asyncio.get_running_loop().run_in_executor(self.thread, self.exchange.close_replaced)

    def _open(self, wanted: Config, present: Sequence[Parts]) -> Parts:
        self.opened.append(wanted)
        if wanted.midi.channels == (13,):
            raise RuntimeError("a driver that nobody expected")
        if wanted.midi.channels == (14,):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return prepare(wanted, present, MonotonicClock(), Lateness(), lambda *_: None)


def dotted(values: Values) -> Values:
    return {key.replace("__", "."): value for key, value in values.items()}


@contextmanager
def a_run(content: str = TEXT) -> Iterator[Run]:
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        run = Run(Path(folder), thread, content)
        try:
            yield run
        finally:
            run.exchange.close()


def applied(steps: Callable[[Run], Coroutine[Any, Any, None]], content: str = TEXT) -> None:
    with a_run(content) as run:
        asyncio.run(steps(run))


async def refused(work: Coroutine[Any, Any, object]) -> str:
    with pytest.raises(BachdError) as caught:
        await work
    return str(caught.value)
