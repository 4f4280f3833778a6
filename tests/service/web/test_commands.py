"""What the page asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import ConfigError, UsageError
from bachd.midi.fan_out import FanOut
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.player import Player
from bachd.realtime.transport import Conductor, Transport
from bachd.service.parts import Parts, PartsExchange
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.prepare import prepare
from bachd.service.telemetry.run_stats import RunStats
from bachd.service.web.commands import Commands
from bachd.sync.conductor import FollowingConductor
from bachd.sync.midi_master import MidiMaster
from tests.fakes import RecordingOutput, ScriptedComposer


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    (tmp_path / "state/seeds").mkdir(parents=True)
    path = tmp_path / "config.yaml"
    path.write_text("midi: {output: none}\n")
    return path


def asked(
    path: Path, ask: Callable[[Commands], Coroutine[Any, Any, None]], conductor: Conductor | None = None
) -> RecordingOutput:
    """Ask for something while music plays; what was sent to the synth meanwhile."""
    clock = MonotonicClock()
    output = RecordingOutput(clock)
    player = Player(output, conductor or Transport(84.0), clock)

    async def steps() -> None:
        with ThreadPoolExecutor(1) as thread:
            composer: Any = ScriptedComposer()
            exchange = PartsExchange(Parts(Config(midi=Midi(output=("none",))), 1, composer, FanOut([output])))
            live = LiveSettings(
                path,
                exchange,
                lambda wanted, present: prepare(wanted, present, clock, Lateness(), lambda *_: None),
                RunStats(Lateness()),
                thread,
            )
            commands = Commands(live, exchange, player, thread)
            commands._ports = (clock.now(), ["FP-30X"])
            await ask(commands)

    asyncio.run(steps())
    return output


def test_an_external_tempo_source_alone_halts_the_music_but_what_hangs_is_silenced(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        for order, verb in (("play", "start"), ("pause", "halt"), ("stop", "halt")):
            with pytest.raises(UsageError, match=f"follows somebody else's clock; {verb} it there"):
                await commands.handle(order, None)
        assert await commands.handle("panic", None) == {"playing": False}

    output = asked(path, ask, FollowingConductor(MidiMaster()))
    assert any(timed.message.type == "control_change" and timed.message.control == 123 for timed in output.messages)


def test_the_page_is_told_what_there_is_to_choose(path: Path) -> None:
    mine = path.parent / "state/seeds/mine.mid"
    mine.write_bytes(b"")

    async def ask(commands: Commands) -> None:
        told = await commands.handle("change", {"midi.program": 7, "sampling.leading": True})
        assert told == await commands.handle("settings", None)
        assert (told["values"]["midi"]["program"], told["values"]["midi"]["output"]) == (7, ("none",))
        assert told["choices"]["ports"] == ["FP-30X"]
        assert {"bwv269", str(mine)} <= set(told["choices"]["pieces"])
        assert told["limits"]["tempo"] == [20, 300]
        assert told["limits"]["expression.swing"] == [50, 75]
        assert (told["unsaved"], told["undo"]) == (True, True)
        told = await commands.handle("undo", None)
        assert (told["values"]["midi"]["program"], told["unsaved"], told["undo"]) == (None, False, False)

    asked(path, ask)


def test_faults_have_the_words_of_the_file_without_its_lines(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        with pytest.raises(ConfigError) as caught:
            await commands.handle("change", {"tempo": 1200, "seed.piece": "bwv269x"})
        assert str(caught.value).splitlines() == [
            "tempo: 1200 is not between 20 and 300",
            "seed.piece: no piece 'bwv269x' in model 'chorales'; did you mean 'bwv269'?",
        ]
        assert [fault.key for fault in caught.value.faults] == ["tempo", "seed.piece"]

    asked(path, ask)


def test_a_save_is_written(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        await commands.handle("change", {"tempo": 96})
        assert not (await commands.handle("save", None))["unsaved"]

    asked(path, ask)
    assert path.read_text() == "midi: {output: none}\ntempo: 96\n"


def test_a_command_that_is_not_known_is_told(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        with pytest.raises(UsageError, match="unknown command 'dance'"):
            await commands.handle("dance", None)

    asked(path, ask)
