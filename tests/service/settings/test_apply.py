"""Settings brought into force, one after the other, from wherever they come."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bachd import configfile
from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import ConfigError, OutputError
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
from tests.service.settings.live import NOWHERE, TEXT, Run, applied, refused


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


def test_what_was_changed_elsewhere_is_not_called_a_change_of_the_file() -> None:
    async def steps(run: Run) -> None:
        await run.change(tempo=120)
        assert run.live.origin(["tempo"]) == "tempo"
        assert run.live.origin(["tempo", "model", "seed.piece"]) == f"tempo; model, seed.piece of {run.live.path}"

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
        assert last_good.last()[0] == TEXT
        await run.change(tempo=96)
        assert last_good.last()[0] == TEXT
        await run.live.apply(save=True)
        await run.live.apply()
        assert last_good.last()[0] == TEXT.replace("84", "96")

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
