"""What the page asks for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.errors import ConfigError, UsageError
from bachd.midi.fan_out import FanOut
from bachd.music.event import Event
from bachd.music.metre import Metre, Place
from bachd.music.piece import Origin, Step
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.player import Player
from bachd.realtime.transport import Conductor, Transport
from bachd.service.parts import Parts, PartsExchange
from bachd.service.pieces import favourite, favourites
from bachd.service.run.composer_thread import ComposerThread
from bachd.service.settings.apply import LiveSettings
from bachd.service.settings.prepare import prepare
from bachd.service.telemetry.run_stats import RunStats
from bachd.service.web.commands import Commands
from bachd.sync.conductor import FollowingConductor
from bachd.sync.midi_master import MidiMaster
from tests.fakes import RecordingOutput, ScriptedComposer, steps


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    (tmp_path / "state/seeds").mkdir(parents=True)
    path = tmp_path / "config.yaml"
    path.write_text("midi: {output: none}\n")
    return path


class Skipped(ScriptedComposer):
    """Goes on with its script."""

    def skip(self) -> None:
        """Do nothing."""


async def learned() -> str:
    return "cc 21"


switched_off: list[bool] = []


def switch_off(config: Config) -> None:
    switched_off.append(config.web.shutdown)


class Timer:
    """Says what it was asked for."""

    def sleep_in(self, minutes: float | None) -> str | None:
        return None if minutes is None else f"pauses in {minutes:g} minutes"


def asked(
    path: Path,
    ask: Callable[[Commands], Coroutine[Any, Any, None]],
    conductor: Conductor | None = None,
    script: Sequence[Step] = (),
) -> RecordingOutput:
    """Ask for something while music plays; what was sent to the synth meanwhile."""
    clock = MonotonicClock()
    output = RecordingOutput(clock)
    player = Player(output, conductor or Transport(84.0), clock)

    async def play() -> None:
        with ThreadPoolExecutor(1) as thread:
            composer: Any = Skipped(*script)
            exchange = PartsExchange(Parts(Config(midi=Midi(output=("none",))), 1, composer, FanOut([output])))
            live = LiveSettings(
                path,
                exchange,
                lambda wanted, present: prepare(wanted, present, clock, Lateness(), lambda *_: None),
                RunStats(Lateness()),
                thread,
            )
            music = ComposerThread(exchange, RunStats(Lateness()), thread, None)
            commands = Commands(live, exchange, player, music, Timer(), thread, learned, switch_off)
            commands._json._ports = (clock.now(), ["FP-30X"])
            await ask(commands)

    asyncio.run(play())
    return output


def test_the_machine_is_switched_off_by_who_was_given_the_settings(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        assert await commands.handle("shutdown", None) == {"playing": False}

    switched_off.clear()
    asked(path, ask)
    assert switched_off == [False]  # it is the run that refuses


def test_an_external_tempo_source_alone_halts_the_music_but_what_hangs_is_silenced(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        for order, verb in (("play", "start"), ("pause", "halt"), ("stop", "halt")):
            with pytest.raises(UsageError, match=f"follows an external clock; {verb} it there"):
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
        assert told["choices"]["together"][:2] == ["none", "harmonise"]
        assert told["choices"]["together_voices"] == ["soprano", "alto", "tenor", "bass", "both"]
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


async def play(commands: Commands, steps: int) -> None:
    """Let so many steps be composed and sent."""
    music: Any = commands._music
    for _ in range(steps):
        await music.next(True)
        music.on_sent(0.0)


def kept_events() -> list[str]:
    """The events of each favourite that is on the disk."""
    return [
        " ".join(str(step.event) for step in favourite.parse(each["favourite"]).steps) for each in favourites.kept()
    ]


def test_a_piece_is_kept_at_once_as_far_as_it_was_played_and_completed_when_it_is_over(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        await play(commands, 6)
        assert await commands.handle("keep", {"number": 1}) == {
            "kept": {"number": 1, "piece": "one", **_told(await commands.handle("history", None))},
            "whole": True,
        }
        asked = await commands.handle("keep", None)
        assert (asked["kept"]["number"], asked["whole"]) == (2, False)
        assert kept_events() == ["C4 D4 E4 F4", "G4 A4"]
        history = await commands.handle("history", None)
        assert history["pieces"] == [
            {"number": 1, "piece": "one", "whole": True},
            {"number": 2, "piece": "two", "whole": False},
        ]
        assert (await commands.handle("keep", None))["kept"]["number"] == 2  # the same, not another
        await play(commands, 2)
        history = await commands.handle("history", None)  # by the same thread, after the piece has been completed
        assert [kept["piece"] for kept in history["favourites"]] == ["one", "two"]
        assert kept_events() == ["C4 D4 E4 F4", "G4 A4 B4"]

    asked(path, ask, script=[*steps("C4 D4 E4 F4", piece="one"), *steps("G4 A4 B4", piece="two")])


def test_the_end_of_a_run_completes_what_is_kept_as_far_as_it_was_played(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask(commands: Commands) -> None:
        await play(commands, 2)
        await commands.handle("keep", None)
        await play(commands, 1)
        music: Any = commands._music
        await music.next(False)  # not sent: not heard
        assert kept_events() == ["C4 D4"]
        commands.keeper.finish()

    with caplog.at_level(logging.INFO):
        asked(path, ask, script=steps("C4 D4 E4 F4", piece="one"))
    assert kept_events() == ["C4 D4 E4"]
    assert (
        caplog.messages[-1]
        == "kept as far as it was played: bachd render bach.mid --favourite 1; link: bachd favourites 1"
    )


def test_a_favourite_that_was_removed_meanwhile_is_not_completed(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        await play(commands, 2)
        await commands.handle("keep", None)
        favourites.path().write_text("")
        await play(commands, 3)
        await commands.handle("history", None)

    asked(path, ask, script=steps("C4 D4 E4 F4", piece="one"))
    assert kept_events() == []


REST = Step(Event((), (), 96), Place(1, 0, Metre(4, 4)), Origin.BREATH, "one")


def test_in_the_rest_what_has_just_been_heard_is_kept_and_played_again(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        music: Any = commands._music
        await play(commands, 5)
        await music.next(True)  # of the next piece, and waits to be sent
        asked = await commands.handle("keep", None)
        assert (asked["kept"]["piece"], asked["whole"]) == ("one", True)
        assert kept_events() == ["C4 D4 E4 F4"]
        assert await commands.handle("again", None) == {"playing": True}
        assert commands._player._rewinds

    asked(path, ask, script=[*steps("C4 D4 E4 F4", piece="one"), REST, *steps("G4 A4 B4", piece="two")])


def _told(history: Any) -> dict[str, str]:
    """When the last favourite was kept, and its text."""
    return {name: history["favourites"][-1][name] for name in ("kept", "favourite")}


def test_a_favourite_is_played_again_from_the_next_bar_on(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        music: Any = commands._music
        await play(commands, 5)
        kept = (await commands.handle("keep", {"number": 1}))["kept"]
        for given in ({"favourite": kept["favourite"]}, {"favourite": str(kept["number"])}, {"number": 1}):
            assert await commands.handle("replay", given) == {"playing": True}
            composed = [await music.next(True) for _ in range(3)]
            assert [str(each.step.event) for each in composed] == ["R:4", "C4", "D4"]

    asked(path, ask, script=[*steps("C4 D4 E4 F4", piece="one"), *steps("G4 A4 B4", piece="two")])


@pytest.mark.parametrize("given", [None, {}, [], {"number": "1"}, {"number": 99}, {"number": True}, {"favourite": "x"}])
def test_what_cannot_be_played_again_is_refused(path: Path, given: Any) -> None:
    async def ask(commands: Commands) -> None:
        with pytest.raises(UsageError):
            await commands.handle("replay", given)

    asked(path, ask)


def test_a_favourite_is_as_high_as_it_was_heard_here_and_elsewhere(path: Path) -> None:
    async def ask(commands: Commands) -> None:
        music: Any = commands._music
        await commands.handle("change", {"transpose": 3})
        await play(commands, 5)
        kept = (await commands.handle("keep", {"number": 1}))["kept"]
        assert [str(step.event) for step in favourite.parse(kept["favourite"]).steps] == ["D#4", "F4", "G4", "G#4"]
        await commands.handle("replay", {"favourite": kept["favourite"]})
        assert [str((await music.next(True)).step.event) for _ in range(3)] == ["R:4", "D#4", "F4"]

    asked(path, ask, script=[*steps("C4 D4 E4 F4", piece="one"), *steps("G4 A4 B4", piece="two")])


@pytest.mark.parametrize("given", [None, {}, {"minutes": True}, {"minutes": 0}, {"minutes": 1441}, {"minutes": "30"}])
def test_a_sleep_of_no_length_is_refused(path: Path, given: Any) -> None:
    async def ask(commands: Commands) -> None:
        with pytest.raises(UsageError, match=r'such as {"minutes": 30}, up to 1440'):
            await commands.handle("sleep", given)
        assert await commands.handle("sleep", {"minutes": 30}) == {"rest": "pauses in 30 minutes"}
        assert await commands.handle("sleep", {"minutes": None}) == {"rest": None}

    asked(path, ask)
