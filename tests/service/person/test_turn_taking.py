"""Answers: on the beat, as long as the phrase, and silent at once when the person plays."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest

from bachd.config import Config, Expression
from bachd.midi.fan_out import FanOut
from bachd.music import keys
from bachd.realtime.lateness import Lateness
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service.factory import open_composer
from bachd.service.parts import Parts, PartsExchange
from bachd.service.person.ensemble import make_ensemble
from bachd.service.person_source import PersonSource
from bachd.service.run.composer_thread import ComposerThread
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import FakeClock, RecordingOutput, run
from tests.service.person.cable import Cable
from tests.service.person.inline import Inline

CONFIG = Config(together="answer", tempo=60.0, expression=Expression(humanise_ms=0.0, ritardando=0.0))
COMPOSER = open_composer(CONFIG, 1)
PHRASE = (67, 69, 71, 72, 74, 71, 67)


class Place:
    """A real player, in a loop in which time jumps, and a person beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
        self.clock, self.cable = FakeClock(), Cable()
        monkeypatch.setattr("bachd.midi.inputs.open_input", self.cable.open)
        self.output = RecordingOutput(self.clock)
        person = PersonSource(config, lambda call, *given: call(*given))
        self.parts = Parts(config, 1, COMPOSER, FanOut([self.output]), person=person)
        thread = Inline()
        composing = ComposerThread(PartsExchange(self.parts), RunStats(Lateness()), thread, None)
        self.player = Player(
            FanOut([self.output]),
            Transport(60),
            self.clock,
            on_step=lambda step, due, _: self.ensemble.on_step(step, due),
        )
        self.ensemble = make_ensemble(self.parts, self.player, self.clock, lambda _: None, composing.lend, thread)
        person.on_event = self.ensemble.take
        self.playing = asyncio.ensure_future(self.player.perform(composing.next, composing.restart))

    def press(self, note: int, status: int = 0x90) -> None:
        self.cable.play(bytes((status, note, 64)).hex(), moment=self.clock.now())

    async def play(self, notes: tuple[int, ...] = PHRASE, quarter: float = 1.0) -> None:
        """A quarter each, detached; a quarter lasts so many seconds."""
        for note in notes:
            self.press(note)
            await asyncio.sleep(0.9 * quarter)
            self.press(note, 0x80)
            await asyncio.sleep(0.1 * quarter)

    @property
    def onsets(self) -> list[float]:
        return sorted({timed.due for timed in self.output.messages if timed.message.type == "note_on"})

    def sounding(self) -> int:
        found: Counter[int] = Counter()
        for timed in self.output.messages:
            if timed.message.type in ("note_on", "note_off") and timed.due <= self.clock.now():
                found[timed.message.note] += 1 if timed.message.type == "note_on" else -1
        assert set(found.values()) <= {0, 1}
        return sum(found.values())


def perform(
    monkeypatch: pytest.MonkeyPatch, play: Callable[[Place], Awaitable[None]], config: Config = CONFIG
) -> Place:
    places = []

    async def main() -> None:
        place = Place(monkeypatch, config)
        places.append(place)
        await asyncio.sleep(0.5)
        await play(place)
        place.playing.cancel()
        with suppress(asyncio.CancelledError):
            await place.playing
        await asyncio.sleep(1.0)
        assert place.sounding() == 0

    run(main())
    return places[0]


def test_a_phrase_is_answered_on_the_next_beat_for_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        await place.play()
        await asyncio.sleep(30)
        assert place.sounding() == 0

    place = perform(monkeypatch, play)
    # The phrase began at 0.5; its last note ended at 7.4, and 8.5 is the first beat that is a quarter later.
    assert place.onsets[0] == pytest.approx(8.5)
    ends = max(timed.due for timed in place.output.messages if timed.message.type == "note_off")
    assert ends == pytest.approx(8.5 + 7.0)


def test_an_answer_has_the_tempo_of_its_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        await place.play(quarter=0.8)
        assert place.parts.person is not None
        assert place.parts.person.bpm == pytest.approx(75, rel=0.01)
        await asyncio.sleep(30)

    place = perform(monkeypatch, play)
    # The phrase began at 0.5 and is seven quarters long; the first beat that is a quarter after it is the ninth.
    assert place.onsets[0] == pytest.approx(0.5 + 8 * 0.8, abs=0.05)
    ends = max(timed.due for timed in place.output.messages if timed.message.type == "note_off")
    assert ends - place.onsets[0] == pytest.approx(7 * 0.8, rel=0.01)


def test_answers_are_in_the_key_of_the_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = [0.0] * 12

    async def play(place: Place) -> None:
        for _ in range(3):
            await place.play()
            await asyncio.sleep(12)
        for timed in place.output.messages:
            if timed.message.type == "note_on":
                weights[timed.message.note % 12] += 1

    perform(monkeypatch, play)
    assert keys.correlation(weights, keys.Key(7)) > 0.5


def test_bachd_is_silent_at_once_when_the_person_plays_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        await place.play()
        await asyncio.sleep(3.0)
        assert place.sounding()
        place.press(72)
        await asyncio.sleep(0.01)
        assert not place.sounding()
        await asyncio.sleep(10)
        assert not place.sounding()  # the key is still down: the phrase is not over
        place.press(72, 0x80)
        await asyncio.sleep(3.0)
        assert place.sounding()

    perform(monkeypatch, play)


def test_a_short_rest_does_not_end_a_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        for _ in range(4):
            await place.play(PHRASE[:2])
            await asyncio.sleep(0.4)
        assert not place.onsets

    perform(monkeypatch, play)


def test_an_answer_that_is_not_ready_in_time_begins_on_a_later_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        await place.play()
        place.clock.stall(3.0)  # the network is slow
        await asyncio.sleep(10)

    place = perform(monkeypatch, play)
    assert place.onsets[0] == pytest.approx(round(place.onsets[0] - 0.5) + 0.5)
    assert place.onsets[0] > 10.5


def test_continue_goes_on_until_the_person_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        await place.play()
        await asyncio.sleep(60)
        assert place.onsets[-1] > 60
        place.press(60)
        await asyncio.sleep(0.01)
        assert not place.sounding()
        place.press(60, 0x80)

    perform(monkeypatch, play, replace(CONFIG, together="continue"))


def test_another_mode_takes_the_music_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(place: Place) -> None:
        await place.play()
        await asyncio.sleep(3.0)
        place.ensemble.use(replace(place.parts, config=replace(CONFIG, together="harmonise")))
        await asyncio.sleep(0.01)
        assert not place.sounding()
        place.press(72)
        await asyncio.sleep(0.1)
        assert place.sounding() == 3
        place.press(72, 0x80)
        place.ensemble.use(replace(place.parts, config=replace(CONFIG, together="none")))
        before = len(place.onsets)
        await asyncio.sleep(10)
        assert len(place.onsets) > before  # bachd's own music

    perform(monkeypatch, play)


@pytest.mark.parametrize("mode", ["answer", "continue"])
def test_whatever_is_played_nothing_hangs(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    rng = Random(mode)

    async def play(place: Place) -> None:
        for _ in range(150):
            for _ in range(rng.randrange(8)):
                place.press(rng.randrange(40, 90), rng.choice((0x80, 0x90, 0x90)))
                await asyncio.sleep(rng.choice((0.0, 0.05, 0.5)))
            if rng.random() < 0.7:
                place.cable.play("", moment=place.clock.now())
            if rng.random() < 0.1:
                wanted = rng.choice(("none", "harmonise", mode))
                place.ensemble.use(replace(place.parts, config=replace(CONFIG, together=wanted)))
            await asyncio.sleep(rng.choice((0.3, 1.5, 3.0, 5.0)))
        place.cable.play("", moment=place.clock.now())
        place.ensemble.use(replace(place.parts, config=replace(CONFIG, together=mode)))
        assert len(place.onsets) > 50

    perform(monkeypatch, play)
