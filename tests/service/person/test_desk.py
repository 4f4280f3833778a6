"""Where what a person does arrives: what steers, what goes through, and what is for the partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.midi.fan_out import FanOut
from bachd.midi.input.controls import Control
from bachd.midi.input.person import PersonEvent
from bachd.midi.input.trigger import parse
from bachd.music.event import TICKS, Event
from bachd.music.message import Message
from bachd.music.metre import COMMON_TIME
from bachd.music.metre import Place as Where
from bachd.music.piece import Origin, Step
from bachd.realtime.clock import OfflineClock
from bachd.realtime.output import TimedMessage
from bachd.service.parts import Parts, PartsExchange
from bachd.service.person.desk import PersonDesk
from bachd.service.person_source import PersonSource, is_wanted
from tests.fakes import RecordingOutput, ScriptedComposer
from tests.service.person.cable import Cable

FREEZE = Control(parse("pedal"), "freeze", text="freeze")
STRUCK = Control(parse("note C2"), "panic", text="panic")


class Seen:
    """A partner, and what carries out controls: they note what they get."""

    def __init__(self) -> None:
        self.steered: list[str] = []
        self.taken: list[str] = []
        self.parts: list[Parts] = []
        self.steps: list[float] = []
        self.closed = False

    def steer(self, control: Control, message: Message, moment: float) -> None:
        self.steered.append(f"{control.target} {message.data.hex()}")

    def take(self, event: PersonEvent) -> None:
        self.taken.append(event.message.data.hex())

    def use(self, parts: Parts) -> None:
        self.parts.append(parts)

    def on_step(self, step: Step, due: float) -> None:
        self.steps.append(due)

    def close(self) -> None:
        self.closed = True


class Screen:
    """Notes what it is to show."""

    def __init__(self) -> None:
        self.shown: list[tuple[list[str], bool]] = []
        self.expected: list[list[int]] = []

    def live(self, messages: Sequence[TimedMessage], is_person: bool) -> None:
        self.shown.append(([timed.message.data.hex() for timed in messages], is_person))

    def expect(self, pitches: Sequence[int]) -> None:
        self.expected.append(list(pitches))


class Place:
    """A desk with everything around it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **midi: Any) -> None:
        self.cable, self.seen = Cable(), Seen()
        monkeypatch.setattr("bachd.midi.inputs.open_input", self.cable.open)
        self.output = RecordingOutput(OfflineClock())
        config = Config(together="harmonise", midi=Midi(**midi))
        person = PersonSource(config, lambda call, *given: call(*given))
        self.exchange = PartsExchange(
            Parts(config, 0, ScriptedComposer(), FanOut([self.output]), person=person)  # type: ignore[arg-type]
        )
        self.desk = PersonDesk(self.exchange, lambda: 0.0)
        self.desk.steer = self.desk.partner = self.seen

    def exchange_for(self, **changes: Any) -> None:
        self.exchange.offer(replace(self.exchange.present, **changes))
        self.exchange.take()
        self.desk.follow()

    @property
    def sent(self) -> list[str]:
        return [timed.message.data.hex() for timed in self.output.messages]


def test_there_has_to_be_a_use_for_what_a_person_plays() -> None:
    assert not is_wanted(Config())
    assert is_wanted(Config(together="harmonise"))
    assert is_wanted(Config(midi=Midi(thru=True)))
    assert is_wanted(Config(midi=Midi(controls=(FREEZE,))))


def test_what_is_played_is_for_the_partner_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    place.cable.play("903c40", "b04040", "803c40")
    assert place.seen.taken == ["903c40", "b04040", "803c40"]
    assert place.sent == []


def test_what_steers_does_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, controls=(FREEZE, STRUCK), thru=True)
    place.cable.play("b0407f", "902440", "802440", "b04000", "903c40", "803c40")
    assert place.seen.steered == ["freeze b0407f", "panic 902440", "freeze b04000"]
    assert place.seen.taken == place.sent == ["903c40", "803c40"]


def test_before_anything_can_be_steered_controls_are_lost_but_not_played(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, controls=(STRUCK,))
    place.desk.steer = None
    place.cable.play("902440", "802440")
    assert place.seen.taken == []


def test_what_goes_through_ends_where_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, thru=True)
    place.cable.play("903c40", "c005", "b0407f")
    assert place.sent == ["903c40", "b0407f"]
    another = RecordingOutput(OfflineClock())
    place.exchange_for(outputs=FanOut([another]))
    assert place.sent == ["903c40", "b0407f", "803c40"]
    place.cable.play("803c40", "904040")
    place.exchange_for(config=replace(place.exchange.present.config, midi=Midi()))
    place.cable.play("804040")
    assert [timed.message.data.hex() for timed in another.messages] == ["904040", "804040"]


def test_only_the_outputs_that_may_get_it_are_sent_what_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, output=("piano", "synth"), thru=("synth",))
    synth = RecordingOutput(OfflineClock())
    place.exchange_for(outputs=FanOut([place.output, synth], thru=[False, True]))
    place.cable.play("903c40", "b0407f", "e00041")
    place.exchange_for(outputs=FanOut([place.output, synth]))
    place.cable.play("803c40")
    assert [timed.message.data.hex() for timed in synth.messages] == ["903c40", "b0407f", "e00041", "803c40"]
    assert place.sent == []
    place.exchange_for(outputs=FanOut([place.output, synth], thru=[False, True]))
    place.desk.page_keys.play(1, b"\x90\x40\x40")
    assert place.sent == ["904040"]


def test_what_is_held_when_the_input_changes_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, thru=True)
    place.cable.play("903c40")
    place.exchange_for(person=None)
    assert place.seen.taken == place.sent == ["903c40", "803c40"]
    place.cable.play("904040")
    assert place.seen.taken == ["903c40", "803c40"]
    place.exchange.close_replaced()
    assert place.cable.closed


def test_what_comes_back_from_a_synth_is_not_the_person_s(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, thru=True)
    place.cable.play("903c40", moment=0.0)
    place.cable.play("903c40", "803c40", moment=0.01, source="the synth")
    assert place.sent == ["903c40"]


def test_the_partner_is_given_other_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    place.exchange_for(rng=1)
    place.desk.follow()
    assert place.seen.parts == [place.exchange.present]


def test_the_partner_learns_of_each_step_with_the_parts_it_was_played_by(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    place.exchange.offer(replace(place.exchange.present, rng=1))
    place.exchange.take()
    place.desk.on_step(Step(Event((60,), (), TICKS), Where(0, 0, COMMON_TIME), Origin.SEED, "a"), 1.5, [])
    assert place.seen.parts == [place.exchange.present]
    assert place.seen.steps == [1.5]


def test_what_is_held_at_the_end_is_let_go_before_the_partner_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, thru=True)
    place.cable.play("903c40")
    place.desk.close()
    assert place.sent == ["903c40", "803c40"]
    assert place.seen.closed


def test_what_is_played_in_a_browser_sounds_is_for_the_partner_and_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    screen = Screen()
    place.desk.watchers.append(screen)
    place.desk.page_keys.play(3, b"\x90\x3c\x40")
    place.desk.page_keys.play(3, b"\x90\x40\x40")
    place.desk.page_keys.play(3, b"\x80\x40\x00")
    place.desk.page_keys.play(3, b"")
    played = ["903c40", "904040", "804040", "803c40"]
    assert place.sent == place.seen.taken == played
    assert screen.shown == [([data], True) for data in played]


def test_all_browsers_let_go_when_their_process_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    place.desk.page_keys.play(1, b"\x90\x3c\x40")
    place.desk.page_keys.play(2, b"\x90\x43\x40")
    place.desk.page_keys.let_go()
    assert place.sent == ["903c40", "904340", "803c40", "804340"]
    place.desk.page_keys.let_go()
    assert len(place.sent) == 4


def test_the_voices_that_play_along_are_shown_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch)
    screen = Screen()
    place.desk.watchers.append(screen)
    place.desk.voices_sent(
        [TimedMessage(0.0, 0.0, Message(bytes.fromhex(data))) for data in ("c005", "903c40", "903f40")]
    )
    place.desk.voices_sent([TimedMessage(0.0, 0.0, Message(bytes.fromhex("c005")))])
    assert screen.shown == [(["903c40", "903f40"], False)]
    place.desk.expect([57, 60])
    assert screen.expected == [[57, 60]]


def test_a_note_of_a_browser_that_steers_does_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(monkeypatch, controls=(STRUCK,))
    place.desk.page_keys.play(1, b"\x90\x24\x40")
    place.desk.page_keys.play(1, b"\x80\x24\x40")
    assert (place.sent, place.seen.steered) == ([], ["panic 902440"])
