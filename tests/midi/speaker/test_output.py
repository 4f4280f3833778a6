"""When the loudspeaker plays, and what it is sent: its child is replaced by a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from bachd.errors import OutputError
from bachd.midi.message_queue import Due
from bachd.midi.speaker import output as speaker_output
from bachd.midi.speaker import soundfont
from bachd.midi.speaker.output import SpeakerOutput
from bachd.midi.speaker.settings import SpeakerSettings
from bachd.music.message import Message, control_change, note_off, note_on
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from tests.midi.small import SteppedClock

FULL = "f07f7f04017f7ff7"


class Child:
    """What stands for the process with FluidSynth: ready at once, unless there is a fault."""

    fault = ""

    def __init__(self, _system: str, _peer: str, _module: str, arguments: Sequence[str], _clock: object) -> None:
        self.arguments = arguments
        self.records: list[Due] = []
        self.alive, self.ready, self.closed = True, not self.fault, False
        self.last_words = self.fault
        Stage.children.append(self)

    def wait_until_ready(self) -> str:
        return self.fault

    def read(self) -> Sequence[tuple[str, str]]:
        return ()

    def write(self, records: Iterable[Due]) -> None:
        self.records += records

    def close(self) -> None:
        self.closed = True

    def die(self, last_words: str) -> None:
        self.alive, self.last_words = False, last_words

    @property
    def played(self) -> list[str]:
        """Notes, and the volume."""
        return [data.hex() for _, data in self.records if data and data[0] & 0xF0 not in (0xC0, 0xB0)]


class Stage:
    """A loudspeaker, and whether a synth is there."""

    children: list[Child] = []  # noqa: RUF012  (set anew for each test)
    taken = False

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.lateness = Lateness()

    def open(self, *, yields: bool = True) -> SpeakerOutput:
        settings = SpeakerSettings(volume=100)
        return SpeakerOutput(settings, self.clock, self.lateness, self if yields else None, jack=True)

    def send(self, output: SpeakerOutput, *messages: Message) -> None:
        output.send([TimedMessage(self.clock.time, 0, message) for message in messages])


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(speaker_output, "PlayerChild", Child)
    monkeypatch.setattr(soundfont, "find", lambda _: "font.sf2")
    monkeypatch.setattr(Stage, "children", [])
    monkeypatch.setattr(Child, "fault", "")
    return Stage()


def test_it_plays_at_once_where_there_is_no_synth(stage: Stage) -> None:
    output = stage.open()
    stage.send(output, note_on(0, 60, 80))
    assert stage.children[0].played == [FULL, "903c50"]
    assert output.description == "the loudspeaker"


def test_it_yields_to_a_synth_on_the_bar(stage: Stage) -> None:
    output = stage.open()
    stage.send(output, note_on(0, 60, 80))
    stage.taken = True
    stage.send(output, note_on(0, 62, 80))
    output.bar(stage.clock.time + 0.1)
    stage.send(output, note_on(0, 64, 80), note_off(0, 60), note_off(0, 62))
    child = stage.children[0]
    assert child.played == [FULL, "903c50", "903e50", "803c40", "803e40"]
    output.poll()
    assert not child.closed
    stage.clock.time += 6
    output.poll()
    assert child.closed
    assert output.description == ""


def test_it_comes_back_on_the_bar_when_the_synth_is_gone(stage: Stage) -> None:
    stage.taken = True
    output = stage.open()
    assert not stage.children
    stage.send(output, control_change(0, 7, 90), note_on(0, 60, 80))
    stage.taken = False
    output.poll()
    assert output.poll() == ("the loudspeaker is there: in from the next bar on",)
    child = stage.children[0]
    stage.send(output, note_on(0, 62, 80))
    assert child.played == [FULL]
    assert (stage.clock.time, bytes((0xB0, 7, 90))) in child.records
    output.bar(stage.clock.time + 0.1)
    stage.send(output, note_on(0, 64, 80))
    assert child.played == [FULL, "904050"]


def test_a_synth_that_comes_and_goes_within_a_bar_leaves_a_bar_as_it_is(stage: Stage) -> None:
    output = stage.open()
    stage.taken = True
    stage.taken = False
    output.bar(stage.clock.time)
    stage.send(output, note_on(0, 64, 80))
    assert stage.children[0].played == [FULL, "904050"]


def test_a_child_that_has_died_is_started_again_and_joins_at_once(stage: Stage) -> None:
    output = stage.open(yields=False)
    output.set_program(19, ())
    stage.children[0].die("the process that plays has failed (exit code -11)")
    told = "speaker: the process that plays has failed (exit code -11); the music goes on without it"
    assert output.poll()[0].startswith(told)
    assert output.description == "waiting for a sound card"
    output.poll()
    assert len(stage.children) == 1
    stage.clock.time += 1.1
    output.poll()
    assert output.poll() == ("the loudspeaker is there",)
    child = stage.children[1]
    stage.send(output, note_on(0, 64, 80))
    assert child.played == [FULL, "904050"]
    assert bytes((0xC0, 19)) in [data for _, data in child.records]


def test_one_fault_is_told_once_and_tried_ever_less_often(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    output = stage.open(yields=False)
    stage.children[0].die("it takes no more sound")
    told: list[str] = []
    for _ in range(120):
        told += output.poll()
        stage.clock.time += 1
        if stage.children[-1].alive:
            stage.children[-1].die("it is in use by another program")
    assert [line.partition(";")[0] for line in told] == [
        "speaker: it takes no more sound",
        "speaker: it is in use by another program",
    ]
    assert 5 < len(stage.children) < 12


def test_what_cannot_be_opened_is_an_error_in_one_line(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Child, "fault", "there is no sound card")
    with pytest.raises(OutputError, match=r"^speaker: there is no sound card$"):
        stage.open(yields=False)
    assert stage.children[0].closed


def test_the_bundles_sound_is_for_channels_without_one(stage: Stage) -> None:
    output = stage.open()
    output.set_program(42, [0, 2])
    chosen = [data[0] & 15 for _, data in stage.children[0].records if data[0] & 0xF0 == 0xC0 and data[1] == 42]
    assert chosen == [1, *range(3, 16)]


def test_the_volume_is_a_master_volume_message(stage: Stage) -> None:
    output = stage.open()
    output.set_volume(SpeakerSettings(volume=0))
    assert stage.children[0].played == [FULL, "f07f7f04010000f7"]
    assert output.plays(SpeakerSettings(volume=50), stage)
    assert not output.plays(SpeakerSettings(card="DAC"), stage)
    assert not output.plays(SpeakerSettings(), None)


def test_what_is_retracted_is_forgotten(stage: Stage) -> None:
    output = stage.open()
    output.retract(101.5)
    assert stage.children[0].records[-1] == (101.5, b"")


def test_a_card_that_opens_and_fails_again_and_again_is_told_once(stage: Stage) -> None:
    output = stage.open(yields=False)
    told: list[str] = []
    for _ in range(120):
        stage.children[-1].die("it takes no more sound")
        told += output.poll()
        stage.clock.time += 1
    assert len([line for line in told if "takes no more" in line]) == 1
    assert len(stage.children) < 12
    for _ in range(40):
        told += output.poll()
        stage.clock.time += 1
    stage.clock.time += 61
    stage.children[-1].die("it takes no more sound")
    assert len(output.poll()) == 1


def test_a_soundfont_that_has_gone_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    output = stage.open(yields=False)
    stage.children[0].die("it takes no more sound")
    output.poll()

    def missing(_: object) -> str:
        raise OutputError("there is no such soundfont")

    monkeypatch.setattr(soundfont, "find", missing)
    stage.clock.time += 2
    assert output.poll()[0].startswith("speaker: there is no such soundfont; the music goes on without it")


def test_a_card_that_comes_is_opened_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    cards: list[str] = []
    monkeypatch.setattr("bachd.midi.speaker.availability.has_card", lambda **_: bool(cards))
    monkeypatch.setattr(Child, "fault", "there is no sound card")
    output = SpeakerOutput(
        SpeakerSettings(volume=100), stage.clock, stage.lateness, told="speaker: there is no sound card"
    )
    for _ in range(40):
        assert output.poll() == ()
        stage.clock.time += 1
        for child in stage.children:
            child.die("there is no sound card")
    tried = len(stage.children)
    monkeypatch.setattr(Child, "fault", "")
    cards.append("DAC")
    output.poll()
    assert len(stage.children) == tried + 1
    assert output.poll() == ("the loudspeaker is there",)
