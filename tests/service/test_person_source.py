"""Who is listened to, and what is said where nobody can be."""

from __future__ import annotations

import logging

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.config_web import Web
from bachd.errors import ModelError, OutputError
from bachd.midi.input.person import PersonEvent
from bachd.service import preflight
from bachd.service.person_source import open_or_warn, open_person, require_voices
from tests.service.person.cable import Cable


@pytest.fixture
def cable(monkeypatch: pytest.MonkeyPatch) -> Cable:
    cable = Cable()
    monkeypatch.setattr("bachd.midi.inputs.open_input", cable.open)
    return cable


def test_nothing_is_opened_that_nobody_wants(cable: Cable) -> None:
    assert open_person(Config(), lambda *_: None) is None
    assert cable.receive is None


def test_events_are_passed_on_in_the_event_loop(cable: Cable) -> None:
    calls: list[tuple[object, ...]] = []
    heard: list[PersonEvent] = []
    person = open_person(Config(together="harmonise", midi=Midi(input_channels=(2,))), lambda *call: calls.append(call))
    assert person is not None
    person.on_event = heard.append
    cable.play("913c40", "903c40", moment=1.5)
    assert not heard
    for take, *given in calls:
        take(*given)  # type: ignore[operator]
    assert [(event.moment, event.message.data.hex(), event.source) for event in heard] == [
        (1.5, "913c40", "a keyboard")
    ]
    person.let_go()
    assert heard[-1].message.data.hex() == "813c40"
    person.close()
    assert cable.closed


@pytest.mark.usefixtures("cable")
def test_music_of_one_voice_cannot_harmonise_and_the_line_says_what_can(caplog: pytest.LogCaptureFixture) -> None:
    config = Config(together="harmonise", model="cello")
    line = (
        "together: harmonise: model 'cello' plays one voice and cannot harmonise; chorales and keyboard can: set model"
    )
    with pytest.raises(ModelError, match=line):
        open_person(config, lambda *_: None)
    with caplog.at_level(logging.WARNING):
        assert open_or_warn(config, lambda *_: None) is None
    assert caplog.messages == [f"{line}; the music plays without you"]
    assert open_person(Config(together="answer", model="cello"), lambda *_: None) is not None


def test_a_model_without_inner_voices_is_refused_where_both_hands_play() -> None:
    with pytest.raises(ModelError, match="'keyboard' finds no voices between a soprano and a bass; chorales does"):
        require_voices(Config(together="harmonise", model="keyboard", together_voice="both"))
    require_voices(Config(together="harmonise", model="chorales", together_voice="both"))
    require_voices(Config(together="none", model="keyboard", together_voice="both"))


def test_without_midi_the_music_plays_and_check_warns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object, __: object, ___: object, asked: str) -> None:
        raise OutputError(f"{asked}: notes cannot come in: there is no MIDI")

    monkeypatch.setattr("bachd.midi.inputs.open_input", fail)
    config = Config(midi=Midi(thru=True, output=("none",)), web=Web(listen=None))
    with caplog.at_level(logging.WARNING):
        assert open_or_warn(config, lambda *_: None) is None
    assert caplog.messages == ["midi.thru: notes cannot come in: there is no MIDI; the music plays without you"]
    assert "midi.thru: notes cannot come in: there is no MIDI; bachd would play without you" in preflight.examine(
        config
    )


def test_without_midi_the_page_alone_plays_along(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_midi(*_: object) -> None:
        raise OutputError("together: harmonise: no MIDI here")

    monkeypatch.setattr("bachd.midi.inputs.open_input", no_midi)
    person = open_person(Config(together="harmonise"), lambda *_: None)
    assert person is not None
    assert (person.description, list(person.poll())) == ("the page", [])
    person.close()
    assert "together: harmonise: no MIDI here; only the page would play along" in preflight.examine(
        Config(together="harmonise", midi=Midi(output=("none",)))
    )
    assert caplog.messages == ["together: harmonise: no MIDI here; only the page plays along"]
    with pytest.raises(OutputError, match="no MIDI here"):
        open_person(Config(together="harmonise", web=Web(listen=None)), lambda *_: None)
