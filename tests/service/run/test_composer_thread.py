"""Composing in a thread, ahead of the player."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bachd.config import Config
from bachd.midi.fan_out import FanOut
from bachd.realtime.lateness import Lateness
from bachd.realtime.player import Composed
from bachd.service.parts import Parts, PartsExchange
from bachd.service.run.composer_thread import ComposerThread
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import ScriptedComposer, steps

BAR = steps("C4 D4 E4 F4")


class Planning(ScriptedComposer):
    """Counts how often it is asked to plan or to restart, and has room for three more steps."""

    planned = restarted = 0
    on_full: Callable[[], object] = staticmethod(lambda: None)

    def extend(self) -> bool:
        self.planned += 1
        if self.planned == 3:
            self.on_full()
        return self.planned < 3

    def restart(self) -> None:
        self.restarted += 1


@pytest.fixture
def thread() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def exchange() -> PartsExchange:
    return PartsExchange(Parts(Config(), 1, Planning(*BAR), FanOut(())))  # type: ignore[arg-type]


@pytest.fixture
def stats() -> RunStats:
    return RunStats(Lateness())


def offer(exchange: PartsExchange) -> Parts:
    """Offer another tempo; returns the parts."""
    parts = replace(exchange.present, config=Config(tempo=96.0))
    exchange._offered = parts
    return parts


def run(*calls: Callable[[], Awaitable[Composed | None]]) -> list[Composed | None]:
    async def call() -> list[Composed | None]:
        return [await each() for each in calls]

    return asyncio.run(call())


def test_what_is_offered_comes_with_the_next_step_that_opens_a_bar(
    exchange: PartsExchange, stats: RunStats, thread: Executor
) -> None:
    parts = offer(exchange)
    composer = ComposerThread(exchange, stats, thread, None)
    before, opening, after = run(*(lambda o=o: composer.next(o) for o in (False, True, True)))
    assert before is not None
    assert opening is not None
    assert after is not None
    assert [each.step for each in (before, opening, after)] == BAR[:3]
    assert before.change is None
    assert opening.change is not None
    assert (opening.change.bpm, opening.change.conductor) == (96.0, None)
    assert after.change is None
    assert exchange.present.config is parts.config


def test_the_music_is_over_after_so_many_events(exchange: PartsExchange, stats: RunStats, thread: Executor) -> None:
    composer = ComposerThread(exchange, stats, thread, 2)
    composed = run(*(lambda: composer.next(False) for _ in range(3)), composer.restart)
    assert [each is None for each in composed] == [False, False, True, True]


def test_a_restart_is_a_bar_line(exchange: PartsExchange, stats: RunStats, thread: Executor) -> None:
    offer(exchange)
    composer = ComposerThread(exchange, stats, thread, None)
    _, again = run(lambda: composer.next(False), composer.restart)
    assert again is not None
    assert again.change is not None
    assert exchange.present.composer.restarted == 1  # type: ignore[attr-defined]


def test_nothing_is_composed_ahead_before_the_first_step_was_sent(
    exchange: PartsExchange, stats: RunStats, thread: Executor
) -> None:
    composer = ComposerThread(exchange, stats, thread, None)
    planning: Any = exchange.present.composer

    async def play() -> tuple[int, int]:
        full, loop = asyncio.Event(), asyncio.get_running_loop()
        planning.on_full = lambda: loop.call_soon_threadsafe(full.set)
        ahead = asyncio.ensure_future(composer.compose_ahead())
        await composer.next(True)
        before = planning.planned
        composer.on_sent()
        stats.count(BAR[0])
        await full.wait()
        ahead.cancel()
        return before, planning.planned

    assert asyncio.run(play()) == (0, 3)
