"""Composing in a thread, ahead of the player."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from bachd.config import Config
from bachd.config_voices import Voice, Voices
from bachd.midi.fan_out import FanOut
from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre, Place
from bachd.music.piece import Origin, Step
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


def test_what_voices_sound_like_changes_in_the_middle_of_a_bar(
    exchange: PartsExchange, stats: RunStats, thread: Executor
) -> None:
    silent = Config(voices=Voices(bass=Voice(mute=True)))
    exchange.offer(replace(exchange.present, config=silent))
    composer = ComposerThread(exchange, stats, thread, None)
    (step,) = run(lambda: composer.next(False))
    assert step is not None
    assert step.change is not None
    assert (step.change.mix.levels, step.change.expression) == ((1, 1, 1, 0), None)
    exchange.offer(replace(exchange.present, config=replace(silent, tempo=96.0, voices=Voices())))
    (step,) = run(lambda: composer.next(False))
    assert step is not None
    assert step.change is None


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
    assert again.step == BAR[0]


def test_a_restart_with_another_composer_begins_its_first_piece(
    exchange: PartsExchange, stats: RunStats, thread: Executor
) -> None:
    composer = ComposerThread(exchange, stats, thread, None)
    exchange.offer(replace(exchange.present, composer=Planning(*PIECE)))  # type: ignore[arg-type]
    _, other = run(lambda: composer.next(False), composer.restart)
    assert other is not None
    assert other.step == PIECE[0]
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
        composer.on_sent(0.0)
        stats.count(BAR[0])
        await full.wait()
        ahead.cancel()
        return before, planning.planned

    assert asyncio.run(play()) == (0, 3)


PIECE = [*steps("C4 D4 E4 F4 G4:4", piece="one"), *steps("A4:4 B4:4", piece="two")]


class Skipping(ScriptedComposer):
    """Goes on with the piece 'two' when it is asked to skip."""

    def skip(self) -> None:
        """Begin with 'two'."""
        self._script = cycle(PIECE[5:])


def played(thread: Executor, script: list[Any], *calls: Callable[[ComposerThread], object]) -> list[str]:
    """The events of a bar, what is asked for, and the next bars."""
    exchange = PartsExchange(Parts(Config(), 1, Skipping(*script), FanOut(())))  # type: ignore[arg-type]
    composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)

    async def play() -> list[str]:
        found = []
        for number in range(4 * (len(calls) + 2)):
            composed = await composer.next(number % 4 == 0)
            assert composed is not None
            found.append(str(composed.step.event))
            if number % 4 == 2 and number // 4 < len(calls):
                calls[number // 4](composer)
        return found

    return asyncio.run(play())


FOUR = steps("C4 D4 E4 F4 G4 A4 B4 C5", piece="one")


def test_the_piece_is_played_again_from_the_next_bar_on_and_goes_on_where_it_was(thread: Executor) -> None:
    assert played(thread, FOUR, ComposerThread.again) == [*"C4 D4 E4 F4 R:4 C4 D4 E4 F4 G4 A4 B4".split()]


def test_another_piece_comes_with_the_next_bar(thread: Executor) -> None:
    assert played(thread, FOUR, ComposerThread.skip)[:6] == ["C4", "D4", "E4", "F4", "A4:4", "B4:4"]


def test_a_piece_that_is_handed_in_is_played_and_another_follows(thread: Executor) -> None:
    kept = steps("E3:2 F3:2", Grid(upbeat=48), piece="kept")
    assert played(thread, FOUR, lambda composer: composer.replay(kept))[:9] == [
        *("C4", "D4", "E4", "F4"),
        *("R:2", "E3:2", "F3:2"),
        *("A4:4", "B4:4"),
    ]


def test_other_settings_while_nobody_plays_along_do_not_end_a_piece_that_is_handed_in(thread: Executor) -> None:
    kept = steps("E3 F3 G3 A3 B3 C4", piece="kept")
    calls = (lambda composer: composer.replay(kept), lambda composer: composer.lend(None))
    assert played(thread, FOUR, *calls)[5:12] == [*"E3 F3 G3 A3 B3 C4 A4:4".split()]


def test_a_stop_begins_the_present_piece_anew_and_not_the_first(thread: Executor) -> None:
    exchange = PartsExchange(Parts(Config(), 1, Planning(*PIECE), FanOut(())))  # type: ignore[arg-type]
    composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)

    async def play() -> str:
        for _ in range(7):
            await composer.next(True)
            composer.on_sent(0.0)
        composed = await composer.restart()
        assert composed is not None
        return composed.step.piece

    assert asyncio.run(play()) == "two"


RESTED = [
    *steps("C4 D4 E4 F4", piece="one"),
    Step(Event((), (), 96), Place(1, 0, Metre(4, 4)), Origin.BREATH, "one"),
    *steps("A4:4 B4:4", piece="two"),
]


async def after_a_rest(composer: ComposerThread, due: float | None) -> None:
    """Play a piece and a rest; the next one begins at `due`, if it has been sent."""
    for _ in range(5):
        await composer.next(True)
        composer.on_sent(0.0)
    await composer.next(True)
    if due is not None:
        composer.on_sent(due)


@pytest.mark.parametrize(
    ("due", "number", "between", "pieces"), [(None, 1, True, 1), (1e9, 1, False, 2), (0.0, 2, False, 2)]
)
def test_in_the_rest_the_piece_before_it_is_the_present_one(
    thread: Executor, due: float | None, number: int, between: bool, pieces: int
) -> None:
    exchange = PartsExchange(Parts(Config(), 1, Planning(*RESTED), FanOut(())))  # type: ignore[arg-type]
    composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)
    asyncio.run(after_a_rest(composer, due))
    assert (composer.number, composer.is_between) == (number, between)
    assert [(each.name, each.whole) for each in composer.pieces] == [("one", True), ("two", False)][:pieces]


def test_a_restart_in_the_rest_plays_the_piece_before_it_and_then_the_next(thread: Executor) -> None:
    exchange = PartsExchange(Parts(Config(), 1, Planning(*RESTED), FanOut(())))  # type: ignore[arg-type]
    composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)

    async def play() -> list[str]:
        await after_a_rest(composer, None)
        found = [await composer.restart()]
        composer.on_sent(0.0)
        assert [each.name for each in composer.pieces] == ["one", "one"]
        assert composer.number == 2
        found += [await composer.next(False) for _ in range(6)]
        return [str(each.step.event) for each in found if each is not None]

    assert asyncio.run(play()) == ["C4", "D4", "E4", "F4", "R:4", "A4:4", "B4:4"]


def test_a_step_that_was_not_sent_before_a_restart_was_not_played(thread: Executor) -> None:
    for opens in (True, False):  # an answer is no piece
        script = [replace(step, opens=step.opens and opens) for step in BAR]
        exchange = PartsExchange(Parts(Config(), 1, Planning(*script), FanOut(())))  # type: ignore[arg-type]
        composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)

        async def play(composer: ComposerThread) -> list[int]:
            found = []
            for _ in range(2):
                await composer.next(True)
                await composer.restart()
                composer.on_sent(0.0)
                found.append(len(composer.pieces[-1].steps))
            return found

        assert asyncio.run(play(composer))[0] == 1


def test_the_piece_that_was_heard_is_repeated_even_if_the_next_was_sent_already(thread: Executor) -> None:
    exchange = PartsExchange(Parts(Config(), 1, Planning(*RESTED), FanOut(())))  # type: ignore[arg-type]
    composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)

    async def play() -> list[str]:
        await after_a_rest(composer, 1e9)
        composer.again()
        found = [await composer.next(True) for _ in range(8)]
        return [str(each.step.event) for each in found if each is not None]

    assert asyncio.run(play()) == ["R:4", "C4", "D4", "E4", "F4", "R:4", "A4:4", "B4:4"]


def test_all_is_transposed_with_its_key_what_was_planned_and_what_is_played_again(thread: Executor) -> None:
    script = [replace(step, key=Key(0)) for step in FOUR]
    exchange = PartsExchange(Parts(Config(), 1, Skipping(*script), FanOut(())))  # type: ignore[arg-type]
    composer = ComposerThread(exchange, RunStats(Lateness()), thread, None)

    async def play() -> list[tuple[str, Key | None]]:
        found = []
        for number in range(9):
            if number == 2:
                exchange.offer(replace(exchange.present, config=Config(transpose=-2)))
            if number == 3:
                composer.again()
            composed = await composer.next(number % 4 == 0)
            assert composed is not None
            found.append((str(composed.step.event), composed.step.key))
            if number == 7:
                assert str(composer.ahead[0].event) == "D#4"
        return found

    sounded = asyncio.run(play())
    assert [event for event, _ in sounded] == ["C4", "D4", "D4", "D#4", "R:4", "A#3", "C4", "D4", "D#4"]
    assert (sounded[1][1], sounded[2][1]) == (Key(0), Key(10))
    assert [str(step.event) for step in composer.pieces[0].steps[:4]] == ["C4", "D4", "E4", "F4"]


def test_what_is_planned_is_the_same_object_when_it_is_played_transposed() -> None:
    (step,) = steps("C4.E4")
    assert step.moved(3).event is step.moved(3).event
    assert step.moved(0) is step
