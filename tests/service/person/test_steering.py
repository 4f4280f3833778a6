"""What controls do: keys change, once each, and commands are carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bachd.config import Config
from bachd.errors import ConfigError, UsageError
from bachd.midi.fan_out import FanOut
from bachd.midi.input.controls import Control
from bachd.music.message import Message
from bachd.service.parts import Parts, PartsExchange
from bachd.service.person.steering import Steering
from bachd.service.settings.draft import Draft
from tests.fakes import run
from tests.midi.input.test_controls import controls


@dataclass
class Live:
    """Settings that are changed: notes what was wanted, and refuses what it shall."""

    exchange: PartsExchange
    refuse: str = ""
    drafts: list[Draft] = field(default_factory=lambda: [Draft("")])

    async def apply(self, edit: Callable[[Draft], Draft]) -> None:
        await asyncio.sleep(0.05)
        if self.refuse:
            raise ConfigError(self.refuse)
        self.drafts.append(edit(self.drafts[-1]))

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [dict(draft.unsaved) for draft in self.drafts[1:]]


class Turns:
    """A composer that notes the turns it is asked for."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.turn = self.turns.append


class Place:
    def __init__(self, config: Config | None = None) -> None:
        self.composer = Turns()
        self.exchange = PartsExchange(Parts(config or Config(), 0, self.composer, FanOut(())))  # type: ignore[arg-type]
        self.live = Live(self.exchange)
        self.orders: list[str] = []
        self.steering = Steering(self.live, self, self.exchange)  # type: ignore[arg-type]

    async def handle(self, what: str, given: Any) -> None:
        self.orders.append(what)
        if what == "pause":
            raise UsageError("the music follows somebody else's clock; halt it there")

    async def do(self, control: Control, *messages: str, then: float = 1.0, moment: float = 0.0) -> None:
        for message in messages:
            self.steering.steer(control, Message(bytes.fromhex(message)), moment)
        await asyncio.sleep(then)


def test_a_controller_changes_a_key(tmp_path: Any) -> None:
    (tempo,) = controls(tmp_path, "cc 21: tempo 60 to 120")

    async def main() -> None:
        place = Place()
        await place.do(tempo, "b01500")
        await place.do(tempo, "b0157f")
        assert place.live.changes == [{"tempo": 60.0}, {"tempo": 120.0}]
        assert len(place.live.drafts[-1].undos) == 1  # both are one to undo

    run(main())


def test_of_values_that_come_fast_the_last_one_counts(tmp_path: Any) -> None:
    (tempo, top_p) = controls(tmp_path, "cc 21: tempo 60 to 187", "cc 22: sampling.top_p")

    async def main() -> None:
        place = Place()
        await place.do(tempo, *(f"b015{value:02x}" for value in range(50)), then=0.0)
        await place.do(top_p, "b0167f")
        assert place.live.changes == [{"tempo": 109.0}, {"tempo": 109.0, "sampling.top_p": 1.0}]

    run(main())


def test_a_controller_that_picks_up_waits_for_the_present_value(tmp_path: Any) -> None:
    (tempo,) = controls(tmp_path, "cc 21: tempo 60 to 120 pick-up")

    async def main() -> None:
        place = Place(Config(tempo=90.0))
        await place.do(tempo, "b01500", "b01510", "b0152f")
        assert place.live.changes == []
        await place.do(tempo, "b01550")  # past it
        await place.do(tempo, "b0157f")
        assert [change["tempo"] for change in place.live.changes] == [pytest.approx(97.8, abs=0.1), 120.0]

    run(main())


def test_what_is_struck_sets_its_value_or_goes_round(tmp_path: Any) -> None:
    (together, leading) = controls(tmp_path, "note C2: together harmonise", "note D2: sampling.leading")

    async def main() -> None:
        place = Place()
        await place.do(together, "902440")
        await place.do(leading, "902640")
        assert place.live.changes == [
            {"together": "harmonise"},
            {"together": "harmonise", "sampling.leading": False},
        ]

    run(main())


def test_commands_are_given_when_a_pedal_goes_down_and_not_while_it_is(tmp_path: Any) -> None:
    (freeze, play, pause, again) = controls(
        tmp_path, "pedal: freeze", "note C2: play", "note D2: pause", "program 3: re-roll"
    )

    async def main() -> None:
        place = Place()
        await place.do(freeze, "b04010", "b04040", "b0407f", "b04000", "b04041")
        await place.do(again, "c002", "c002")
        assert place.composer.turns == ["freeze", "freeze", "re-roll", "re-roll"]
        await place.do(play, "902440")
        await place.do(pause, "902640")
        assert place.orders == ["play", "pause"]

    run(main())


def test_the_machine_is_switched_off_by_two_presses_and_not_by_one_or_a_bounce(tmp_path: Any) -> None:
    (control,) = controls(tmp_path, "note C2: shutdown")

    async def main() -> None:
        place = Place()
        for moment in (100.0, 100.05, 104.0, 120.0):
            await place.do(control, "902440", moment=moment, then=0.0)
        assert place.orders == []
        await place.do(control, "902440", moment=121.0, then=0.01)
        assert place.orders == ["shutdown"]

    run(main())


def test_what_is_refused_is_one_line_and_the_next_is_tried(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    (tempo, pause) = controls(tmp_path, "cc 21: tempo 60 to 120", "pedal: pause")

    async def main() -> None:
        place = Place()
        place.live.refuse = "tempo: no"
        await place.do(tempo, "b01500")
        place.live.refuse = ""
        await place.do(tempo, "b0157f")
        await place.do(pause, "b0407f")
        assert place.live.changes == [{"tempo": 120.0}]
        assert caplog.messages == [
            "midi.controls: tempo: no",
            "midi.controls: pause: the music follows somebody else's clock; halt it there",
        ]

    run(main())


def test_taps_set_the_tempo(tmp_path: Any) -> None:
    (tap,) = controls(tmp_path, "pedal: tap")

    async def main() -> None:
        place = Place()
        for moment in (1.0, 1.5, 2.0):
            await place.do(tap, "b0407f", "b04000", moment=moment)
        assert {change["tempo"] for change in place.live.changes} == {120.0}

    run(main())


def test_the_wheel_transposes(tmp_path: Any) -> None:
    (bend,) = controls(tmp_path, "bend: transpose -12 to 12")

    async def main() -> None:
        place = Place()
        for position, semitones in (("e00000", -12), ("e07f7f", 12)):
            await place.do(bend, position)
            assert place.live.changes[-1] == {"transpose": semitones}

    run(main())


def test_a_program_chooses_a_piece_if_there_is_one(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    (program,) = controls(tmp_path, "program: seed.piece")

    async def main() -> None:
        place = Place()
        await place.do(program, "c000")
        await place.do(program, "c07f")
        (change,) = place.live.changes
        assert change["seed.piece"].startswith("bwv")
        assert caplog.messages[0].startswith("program 128: model chorales has ")

    run(main())
