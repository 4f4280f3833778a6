"""Learning what a controller is called: from what is listened to, what is opened for it, or the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bachd.config import Config
from bachd.errors import UsageError
from bachd.midi.fan_out import FanOut
from bachd.service.parts import Parts, PartsExchange
from bachd.service.person.desk import PersonDesk
from bachd.service.person.trigger_wait import TriggerWait
from bachd.service.person_source import PersonSource
from tests.fakes import FakeClock, RecordingOutput, ScriptedComposer
from tests.service.person.cable import Cable


class Place:
    """A desk, and a cable that is plugged in if the settings want it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, config: Config, patience: float) -> None:
        self.cable = Cable()
        monkeypatch.setattr("bachd.midi.inputs.open_input", self.cable.open)
        self.output = RecordingOutput(FakeClock())
        person = PersonSource(config, self.call) if config.together != "none" else None
        composer: Any = ScriptedComposer()
        self.exchange = PartsExchange(Parts(config, 0, composer, FanOut([self.output]), person=person))
        self.desk = PersonDesk(self.exchange, lambda: 0.0)
        self.thread = ThreadPoolExecutor(1)
        self.wait = TriggerWait(self.exchange, self.desk, self.call, self.thread, patience)

    @staticmethod
    def call(function: Callable[..., object], *given: object) -> None:
        asyncio.get_running_loop().call_soon(function, *given)


def learned(
    monkeypatch: pytest.MonkeyPatch, use: Callable[[Place], object], config: Config | None = None, patience: float = 30
) -> tuple[str, Place]:
    async def main() -> tuple[str, Place]:
        place = Place(monkeypatch, config or Config(), patience)
        waiting = asyncio.ensure_future(place.wait.next())
        while not waiting.done():
            if place.cable.receive is not None:
                use(place)
            await asyncio.wait([waiting], timeout=0.02)
        try:
            return await waiting, place
        finally:
            place.thread.shutdown()

    return asyncio.run(main())


def test_an_input_is_opened_for_it_and_closed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    name, place = learned(monkeypatch, lambda place: place.cable.play("b11540"))
    assert name == "cc 21"
    assert place.cable.closed


def test_what_is_listened_to_anyway_is_learned_from_and_what_is_struck_does_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, place = learned(monkeypatch, lambda place: place.cable.play("902440", "802440"), Config(together="harmonise"))
    assert name == "note C2"
    assert not place.cable.closed
    assert place.output.messages == []


def test_a_keyboard_at_a_browser_is_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned(monkeypatch, lambda place: place.desk.page_keys.play(1, b"\xc0\x04"))[0] == "program 5"


def test_nothing_that_comes_in_is_said_after_a_while_and_two_do_not_learn_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(UsageError, match=r"nothing came in for 0.05 seconds; turn a knob"):
        learned(monkeypatch, lambda _: None, patience=0.05)

    async def twice() -> None:
        place = Place(monkeypatch, Config(), 30)
        first = asyncio.ensure_future(place.wait.next())
        await asyncio.sleep(0)
        with pytest.raises(UsageError, match="somebody else is learning"):
            await place.wait.next()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        place.thread.shutdown()
        assert place.desk.on_trigger is None

    asyncio.run(twice())
