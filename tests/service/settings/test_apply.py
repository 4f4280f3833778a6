"""Settings brought into force, one after the other, from wherever they come."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd import configfile
from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import BachdError, ConfigError, OutputError
from bachd.midi.fan_out import FanOut
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.service.factory import open_composer
from bachd.service.parts import Parts, PartsExchange
from bachd.service.settings import last_good
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.draft import Draft
from bachd.service.settings.prepare import prepare
from bachd.service.telemetry.run_stats import RunStats
from bachd.yamlfile import text as yaml_text
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


@pytest.mark.parametrize("bad_first", [True, False])
def test_of_two_changes_at_once_each_gets_its_own_answer(bad_first: bool) -> None:
    async def steps(run: Run) -> None:
        both = [run.change(midi__output=NOWHERE), run.change(tempo=120)]
        bad, good = await asyncio.gather(*(both if bad_first else both[::-1]), return_exceptions=True)
        if not bad_first:
            bad, good = good, bad
        assert isinstance(bad, OutputError)
        assert isinstance(good, Config)
        assert good == run.config
        assert (run.config.tempo, run.config.midi.output) == (120, ("none",))
        assert run.live.draft.unsaved == {"tempo": 120}
        await run.change(midi__channels=[2])
        assert (run.config.tempo, run.config.midi.channels) == (120, (2,))

    applied(steps)


def test_a_change_is_answered_before_the_bar_at_which_it_comes_into_use() -> None:
    async def steps(run: Run) -> None:
        await run.change(tempo=120)
        await run.change(midi__channels=[2])
        assert run.exchange.present.config.tempo == 84
        await run.bar()
        assert (run.exchange.present.config.tempo, run.exchange.present.config.midi.channels) == (120, (2,))

    applied(steps)


def test_a_change_costs_one_reading_one_validation_and_one_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def counted(module: Any, name: str) -> None:
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *given: (calls.update([name]), real(*given))[1])

    async def steps(run: Run) -> None:
        counted(yaml_text, "read")
        counted(configfile, "understand")
        for _ in range(2):
            await run.change(tempo=120)
            await run.live.apply(Draft.undone)
        assert calls == {"read": 4, "understand": 4}
        assert len(run.opened) == 4

    applied(steps)


def test_whoever_asked_and_left_does_not_stop_a_change() -> None:
    async def steps(run: Run) -> None:
        asking = asyncio.ensure_future(run.change(tempo=120))
        await asyncio.sleep(0)
        asking.cancel()
        await run.live.apply()
        assert asking.cancelled()
        assert run.config.tempo == 120

    applied(steps)


def test_what_nobody_expected_is_refused_and_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    async def steps(run: Run) -> None:
        with pytest.raises(RuntimeError, match="nobody expected"):
            await run.change(midi__channels=[13])
        assert run.live.draft.unsaved == {}
        run.path.write_text(TEXT.replace("output", "channels: 13, output"))
        for _ in range(3):
            await run.live.reload("the music goes on as it was")
        assert run.report.refused == "RuntimeError('a driver that nobody expected')"
        await refused(run.change(midi__output=NOWHERE, midi__channels=[1]))
        await run.change(midi__channels=[1])
        assert run.report.refused is None

    applied(steps)
    (told,) = caplog.records
    assert told.getMessage() == "config refused, the music goes on as it was, for a bug in bachd"
    assert told.exc_info


def test_what_the_system_lacks_is_one_line() -> None:
    async def steps(run: Run) -> None:
        told = await refused(run.change(midi__channels=[14]))
        assert told == "these settings cannot be opened: too many open files"
        assert run.live.draft.unsaved == {}

    applied(steps)


def test_a_file_that_is_saved_and_reloaded_is_refused_once(caplog: pytest.LogCaptureFixture) -> None:
    async def steps(run: Run) -> None:
        logging.getLogger("bachd").addHandler(run.report)
        try:
            for tempo in ("1200", "1200", "84", "1200", "1200 # still", "1200 # still"):
                run.path.write_text(TEXT.replace("84", tempo))
                await run.live.reload("the music goes on as it was")
        finally:
            logging.getLogger("bachd").removeHandler(run.report)
        line = f"config refused, the music goes on as it was: {run.path}:1: tempo: 1200 is not between 20 and 300"
        assert caplog.messages == [line] * 3
        assert [fault["what"] for fault in run.report._faults] == [line] * 3

    applied(steps)


def test_a_file_with_an_alias_into_itself_hangs_nothing() -> None:
    async def steps(run: Run) -> None:
        run.path.write_text("tempo: 84\nx: &a [*a]\n")
        told = f"{run.path}:2: '*a': anchors and aliases are not understood here; in a text, put quotes around it"
        assert await refused(run.live.apply()) == told
        assert await refused(run.change(tempo=96)) == told
        assert await refused(run.live.apply(save=True)) == told

    applied(steps)


def test_a_file_that_was_lost_is_restored_when_the_page_saves() -> None:
    async def steps(run: Run) -> None:
        await run.live.apply()
        for lose in (run.path.unlink, lambda: run.path.write_text("")):
            lose()
            await run.change(tempo=96)
            assert run.config.midi.output == ("none",)
            await run.live.apply(save=True)
            assert run.path.read_text() == TEXT.replace("84", "96")
            await run.change(tempo=84)

    applied(steps)


def test_what_is_in_force_is_kept_only_as_the_file_says_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    async def steps(run: Run) -> None:
        await run.live.apply()
        assert last_good.text() == TEXT
        await run.change(tempo=96)
        assert last_good.text() == TEXT
        await run.live.apply(save=True)
        await run.live.apply()
        assert last_good.text() == TEXT.replace("84", "96")

    applied(steps)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told() -> None:
    async def steps(run: Run) -> None:
        await run.change(tempo=96)
        run.path.parent.chmod(0o500)
        try:
            assert "cannot be written: permission denied" in await refused(run.live.apply(save=True))
        finally:
            run.path.parent.chmod(0o700)
        assert run.live.draft.unsaved == {"tempo": 96}

    applied(steps)


def test_a_file_that_is_broken_meanwhile_is_not_saved_over() -> None:
    async def steps(run: Run) -> None:
        await run.change(tempo=96)
        run.path.write_text("tempo: [")
        assert "not YAML" in await refused(run.live.apply(save=True))
        assert run.path.read_text() == "tempo: ["
        assert run.live.draft.unsaved == {"tempo": 96}

    applied(steps)


def test_without_a_file_one_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def steps(run: Run) -> None:
        live = LiveSettings(None, run.exchange, run._open, run.report, run.thread)
        await live.apply(lambda draft: draft.changed({"tempo": 120}))
        await live.apply(save=True)

    applied(steps)
    assert Path("config.yaml").read_text() == "tempo: 120\n"


class Model:
    """What must come of changes, without files, threads and ports."""

    def __init__(self) -> None:
        self.file: Values = {"tempo": 84, "midi.output": "none"}
        self._base, self._unsaved, self._undos = self.file, dict[str, Any](), list[Values]()

    @property
    def wanted(self) -> Values:
        return {**self._base, **self._unsaved}

    def do(self, what: str, given: Values) -> bool:
        """Whether it can be done."""
        unsaved = {key: each for key, each in self._unsaved.items() if self.file[key] == self._base[key]}
        before, undos = {**self.file, **unsaved}, self._undos
        if what == "undo" and not undos:
            return False
        if what == "undo":
            given, undos = undos[-1], undos[:-1]
        elif given and {**before, **given} != before:
            undos = [*undos, {key: before[key] for key in given}]
        wanted = {**before, **given}
        if wanted["tempo"] not in range(20, 301) or wanted["midi.output"] == NOWHERE:
            return False
        if what == "save":
            self.file = wanted
        self._base, self._undos = self.file, undos
        self._unsaved = {key: value for key, value in wanted.items() if self.file[key] != value}
        return True


@dataclass
class Batch:
    """What happens at once."""

    file: Values
    """Saved at the beginning, if it says anything."""
    commands: list[tuple[str, Values]]
    pauses: list[int] = field(default_factory=list)
    """Turns of the event loop before each command."""


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "tempo": st.sampled_from([84, 96, 120, 1200]),
        "midi.output": st.sampled_from(["none", "file:a.mid", "file:b.mid", NOWHERE]),
    },
)
COMMAND: st.SearchStrategy[tuple[str, Values]] = st.tuples(st.just("change"), VALUES.filter(bool)) | st.tuples(
    st.sampled_from(["undo", "save", "reload", "bar"]), st.just({})
)
BATCH = st.builds(
    Batch,
    st.just({}) | VALUES,
    st.lists(COMMAND, min_size=1, max_size=5),
    st.lists(st.integers(0, 12), min_size=5, max_size=5),
)


@given(st.lists(BATCH, max_size=5))
def test_however_changes_interleave_each_gets_its_own_answer(batches: list[Batch]) -> None:
    model = Model()

    async def command(run: Run, what: str, given: Values) -> object:
        match what:
            case "change":
                return await run.live.apply(lambda draft: draft.changed(given))
            case "undo":
                return await run.live.apply(Draft.undone)
            case "save":
                return await run.live.apply(save=True)
            case "reload":
                return await run.live.apply()
        await run.bar()
        return None

    async def perform(run: Run) -> None:
        for batch in batches:
            if batch.file:
                model.file = {**model.file, **batch.file}
                tempo, output = model.file.values()
                run.path.write_text(f"# mine\ntempo: {tempo}\nmidi:\n  output: '{output}'\n")
            tasks = []
            for (what, wanted), turns in zip(batch.commands, batch.pauses, strict=False):
                tasks.append(asyncio.ensure_future(command(run, what, wanted)))
                for _ in range(turns):
                    await asyncio.sleep(0)
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            for (what, wanted), answer in zip(batch.commands, answers, strict=True):
                if what != "bar":
                    assert isinstance(answer, Config if model.do(what, wanted) else BachdError), (what, wanted, answer)
            assert {"tempo": run.config.tempo, "midi.output": run.config.midi.output[0]} == model.wanted
            assert run.live.draft.unsaved == model._unsaved
        await run.bar()
        await run.bar()
        assert run.exchange.present.config == run.config

    with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        applied(perform)
        assert not [link for link in Path("/proc/self/fd").iterdir() if home in os.path.realpath(link)]


def test_sampling_that_was_offered_is_not_lost_by_the_next_change(tmp_path: Path) -> None:
    config = Config(midi=Midi(output=("none",)), device="cpu")
    composer = open_composer(config, 1)

    async def steps(thread: ThreadPoolExecutor) -> None:
        exchange = PartsExchange(Parts(config, 1, composer, FanOut(())))
        path = tmp_path / "config.yaml"
        path.write_text("device: cpu\nmidi: {output: none}\n")

        def opens(wanted: Config, present: Sequence[Parts]) -> Parts:
            return prepare(wanted, present, MonotonicClock(), Lateness(), lambda *_: None)

        live = LiveSettings(path, exchange, opens, RunStats(Lateness()), thread)
        await live.apply(lambda draft: draft.changed({"sampling.top_p": 0.5}))
        offered = exchange.latest.sampler
        await live.apply(lambda draft: draft.changed({"tempo": 96}))
        exchange.take()
        assert offered is not None
        assert composer._sampler is offered
        assert exchange.latest.sampler is None
        with pytest.raises(ConfigError):
            await live.apply(lambda draft: draft.changed({"sampling.top_p": 7}))

    with ThreadPoolExecutor(1) as thread:
        asyncio.run(steps(thread))
