from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from mido import Message, MidiFile

from bachd.errors import EXIT_UNAVAILABLE, OutputError
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.fan_out import FanOut
from bachd.midi.panic import panic
from bachd.midi.ports import list_ports, open_outputs
from bachd.midi.reset import reset
from bachd.midi.resolve import examine, without_synth
from bachd.music.message import note_off, note_on, program_change, set_tempo, time_signature
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from tests.conftest import Synth
from tests.fakes import FakeClock, RecordingOutput, run
from tests.midi.jack.jackport import news
from tests.midi.small import PIANO, SYNTH, SmallSequencer, SteppedClock

PlugSynth = Callable[..., Synth]


def opened(*specs: str) -> FanOut:
    return open_outputs(specs, MonotonicClock(), Lateness())


def note(number: int) -> TimedMessage:
    return TimedMessage(MonotonicClock().now(), 0, Message("note_on", note=number))


@pytest.fixture
def only_jack(no_midi: None, jack: object) -> None:
    """A machine with JACK and without ALSA; the fixtures set it up in this order."""


@pytest.mark.usefixtures("no_midi")
def test_auto_without_midi_says_why_and_plays_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.WARNING):
        outputs = [opened("auto") for _ in range(3)]
    for output in outputs:
        output.send([note(60)])
        output.close()
    assert len(list(tmp_path.glob("bachd-????????-??????*.mid"))) == 3
    assert {output.description for output in outputs} == {path.name for path in tmp_path.iterdir()}
    assert "no MIDI here (ALSA: there is no " in caplog.messages[0]
    assert caplog.messages[0].endswith(f"playing into {outputs[0].description} instead")


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("virtual", "midi.output: no MIDI system here can make a port: ALSA: there is no "),
        ("jack", "JACK: "),
        ("FP-30X", "midi.output: no MIDI port is called 'FP-30X'; there is none at all"),
        ("file:no/such/folder/a.mid", "no/such/folder/a.mid: cannot be written"),
    ],
)
def test_what_cannot_be_had_is_one_line(spec: str, message: str) -> None:
    with pytest.raises(OutputError, match=message) as fault:
        opened(spec)
    assert "\n" not in str(fault.value)
    assert fault.value.exit_code == EXIT_UNAVAILABLE


@pytest.mark.usefixtures("no_midi")
def test_one_of_several_that_cannot_be_had_keeps_no_other_from_playing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = opened(f"file:{tmp_path / 'a.mid'}", "FP-30X", f"file:{tmp_path / 'stick' / 'b.mid'}")
    assert [line.split(";")[0] for line in caplog.messages] == [
        "midi.output: no MIDI port is called 'FP-30X'",
        f"{tmp_path / 'stick' / 'b.mid'}: cannot be written: there is no folder {tmp_path / 'stick'}",
    ]
    assert output.poll() == []
    assert output.description == (
        f"{tmp_path / 'a.mid'}, waiting for FP-30X, waiting for file:{tmp_path / 'stick' / 'b.mid'}"
    )
    output.send([note(60)])
    output.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.mid"]


@pytest.mark.usefixtures("no_midi")
def test_if_none_of_several_can_be_had_the_run_does_not_begin(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="FP-30X"):
        opened("FP-30X", f"file:{tmp_path / 'stick' / 'b.mid'}")


def test_a_file_whose_folder_appears_is_joined_on_a_bar_with_all_that_holds(tmp_path: Path) -> None:
    path = tmp_path / "stick" / "b.mid"
    output = opened("none", f"file:{path}")
    now = MonotonicClock().now()
    for message in (set_tempo(96), time_signature(3, 4), program_change(0, 19), note_on(0, 60, 64)):
        output.send([TimedMessage(now, 0, message)])
    assert output.poll() == []
    path.parent.mkdir()
    assert output.poll() == [f"{path} is there: in from the next bar on"]
    assert output.poll() == []
    output.send([TimedMessage(now, 24, note_off(0, 60))])
    output.bar(now)
    output.send([TimedMessage(now, 48, note_on(0, 62, 64))])
    output.send([TimedMessage(now, 72, note_off(0, 62))])
    assert output.recordings == []
    output.close()
    assert output.recordings == [str(path)]
    kinds = [message.type for message in MidiFile(path).tracks[0] if message.type != "text"]
    assert kinds == ["set_tempo", "time_signature", "program_change", "note_on", "note_off", "end_of_track"]


def test_what_is_waited_for_is_used_again_after_a_reload(tmp_path: Path) -> None:
    spec = f"file:{tmp_path / 'stick' / 'b.mid'}"
    before = opened("none", spec)
    after = open_outputs([spec, "none"], MonotonicClock(), Lateness(), present=before)
    assert after.outputs == before.outputs
    after.close()


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize("spec", ["NONE", "None", " none "])
def test_words_are_read_in_any_case(spec: str) -> None:
    output = opened(spec)
    assert output.description == "no output"
    output.close()


@pytest.mark.usefixtures("no_midi")
def test_a_slip_in_a_word_is_suggested() -> None:
    with pytest.raises(OutputError, match="no MIDI port is called 'Virtul'; did you mean 'virtual'"):
        opened("Virtul")


def test_a_tilde_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    output = opened("file:~/a.mid")
    assert output.description == str(tmp_path / "a.mid")
    output.close()
    with pytest.raises(OutputError, match="there is no such home"):
        opened("file:~nobody-here/a.mid")


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize("spec", ["jack", "virtual", "FP-30X", "file:no/such/a.mid", "file:~nobody-here/a.mid"])
def test_check_refuses_what_run_refuses_in_the_same_words(spec: str) -> None:
    with pytest.raises(OutputError) as checked:
        examine([spec])
    with pytest.raises(OutputError) as ran:
        opened(spec)
    assert str(checked.value) == str(ran.value)


@pytest.mark.usefixtures("no_midi")
def test_check_warns_of_what_run_plays_without(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    assert examine([f"file:{path}", "FP-30X"]) == [
        "midi.output: no MIDI port is called 'FP-30X'; there is none at all; is it switched on?"
    ]
    assert examine([f"file:{path}", "auto", "none"]) == []
    assert not path.exists()


def test_none_plays_to_nobody() -> None:
    output = opened("none")
    output.send([note(60)])
    assert output.poll() == []
    assert output.description == "no output"
    output.close()


def test_one_word_opens_one_output(tmp_path: Path) -> None:
    output = opened(f"file:{tmp_path / 'a.mid'}")
    output.close()
    assert output.description == str(tmp_path / "a.mid")


class Line:
    """An output that writes into a list."""

    def __init__(self, name: str, log: list[str], fault: Exception | None = None) -> None:
        self.description = name
        self._log = log
        self._fault = fault

    def send(self, messages: Sequence[TimedMessage]) -> None:
        self._log.append(f"{self.description} {len(messages)}")

    def retract(self, moment: float) -> None:
        self._log.append(f"{self.description} retracts from {moment}")

    def bar(self, due: float) -> None:
        self._log.append(f"{self.description} bar at {due}")

    def poll(self) -> Sequence[str]:
        return [f"{self.description} changed"]

    def close(self) -> None:
        self._log.append(f"{self.description} closed")
        if self._fault is not None:
            raise self._fault


def test_several_outputs_are_one() -> None:
    log: list[str] = []
    output = FanOut([Line("a", log), Line("b", log)])
    output.send([note(60), note(64)])
    output.retract(5)
    output.close()
    assert output.description == "a, b"
    assert output.poll() == ["a changed", "b changed"]
    assert sorted(log) == ["a 2", "a closed", "a retracts from 5", "b 2", "b closed", "b retracts from 5"]


def test_a_clock_may_be_later_or_earlier_than_the_music_at_each_output() -> None:
    clock = FakeClock()
    outputs = RecordingOutput(clock), RecordingOutput(clock)
    both = FanOut(outputs, [0.0, -0.005])

    async def send() -> None:
        both.send([TimedMessage(0.5, 12, Message(kind)) for kind in ("note_on", "clock")])

    run(send())
    assert [[timed.due for timed in output.messages] for output in outputs] == [[0.5, 0.5], [0.5, 0.495]]


@pytest.mark.usefixtures("no_midi")
def test_each_output_has_the_offset_that_was_asked_for(tmp_path: Path) -> None:
    first, second = (f"file:{tmp_path / name}" for name in ("a.mid", "b.mid"))
    outputs = open_outputs([first, second], MonotonicClock(), Lateness(), offsets={second: 0.01})
    assert outputs._offsets == (0.0, 0.01)
    outputs.close()


def test_an_output_that_fails_to_close_keeps_none_open() -> None:
    log: list[str] = []
    with pytest.raises(OutputError):
        FanOut([Line("a", log, OutputError("a")), Line("b", log), Line("c", log, OutputError("c"))]).close()
    assert sorted(log) == ["a closed", "b closed", "c closed"]


def test_closing_may_keep_what_is_played_to_further_on() -> None:
    log: list[str] = []
    kept, left = Line("kept", log), Line("left", log)
    FanOut([kept, left]).close(FanOut([kept]))
    assert log == ["left closed"]


@pytest.mark.usefixtures("no_midi")
def test_what_is_asked_for_again_is_used_again(tmp_path: Path) -> None:
    first, second = (f"file:{tmp_path / name}" for name in ("a.mid", "b.mid"))
    before = open_outputs([first], MonotonicClock(), Lateness())
    after = open_outputs([second, first], MonotonicClock(), Lateness(), present=before)
    assert after.outputs[1] is before.outputs[0]
    with pytest.raises(OutputError, match="FP-30X"):
        open_outputs(["FP-30X"], MonotonicClock(), Lateness(), present=before)
    before.close(after)
    after.send([note(60)])
    after.close()
    assert {path.name for path in tmp_path.iterdir()} == {"a.mid", "b.mid"}


@pytest.mark.usefixtures("only_jack")
def test_auto_takes_jack_where_there_is_no_alsa() -> None:
    output = opened("auto")
    assert output.description == "port 'bachd' of JACK"
    output.close()


@pytest.mark.realtime
@pytest.mark.usefixtures("only_jack")
@pytest.mark.parametrize("spec", ["auto", "jack", "ORGAN"])
def test_a_jack_synth_is_played_to(plug_synth: PlugSynth, spec: str) -> None:
    synth = plug_synth("organ")
    output = opened(spec)
    assert output.description == "organ:in"
    output.send([note(60)])
    assert synth.hear(len(reset()) + 1)[-1] == "903c40"
    output.close()


@pytest.mark.usefixtures("only_jack")
def test_a_virtual_port_is_connected_to_nobody(plug_synth: PlugSynth) -> None:
    synth = plug_synth("organ")
    output = opened("virtual")
    assert output.description == "port 'bachd' of JACK"
    output.send([note(60)])
    output.close()
    assert synth.unplug() == []


@pytest.mark.usefixtures("only_jack")
def test_jack_ports_that_fit_are_listed(plug_synth: PlugSynth) -> None:
    plug_synth("organ one")
    plug_synth("organ two")
    assert [(port.name, port.backend, port.kind) for port in list_ports()] == [
        ("organ one:in", "jack", "software"),
        ("organ two:in", "jack", "software"),
    ]
    with pytest.raises(OutputError, match="'organ' fits several ports: 'organ one:in', 'organ two:in'"):
        opened("organ")


@pytest.mark.realtime
@pytest.mark.usefixtures("only_jack")
@pytest.mark.parametrize("spec", ["auto", "jack"])
def test_a_jack_synth_that_starts_later_is_connected(plug_synth: PlugSynth, spec: str) -> None:
    output = opened(spec)
    assert output.poll() == []
    synth = plug_synth("organ")
    assert news(output) == ["organ:in is there: reset, and in from the next bar on"]
    assert output.description == "organ:in"
    output.bar(MonotonicClock().now())
    output.send([note(60)])
    assert synth.hear(len(reset()) + 1)[-1] == "903c40"
    synth.unplug()
    assert news(output) == ["organ:in is gone: the music goes on without it, until it is back"]
    plug_synth("harp")
    assert news(output) == ["harp:in is there: reset, and in from the next bar on"]
    output.close()


@pytest.mark.realtime
@pytest.mark.usefixtures("only_jack")
def test_a_jack_synth_is_silenced_where_run_would_play_to_it(plug_synth: PlugSynth) -> None:
    with pytest.raises(OutputError, match="panic: there is no MIDI instrument"):
        panic()
    assert without_synth() == "offers the port 'bachd' of JACK until one is there"
    plug_synth("organ")
    assert panic() == "organ:in"
    assert panic((), ["jack", "auto"]) == "organ:in"


@pytest.mark.usefixtures("no_midi")
def test_without_midi_a_file_takes_the_synths_place() -> None:
    assert without_synth() == "plays into a .mid file"


@pytest.mark.usefixtures("only_jack")
def test_panic_ends_every_note_on_every_channel(plug_synth: PlugSynth) -> None:
    synth = plug_synth("organ")
    assert panic(["organ"]) == "organ:in"
    heard = synth.unplug()
    ended = {line[:4] for line in heard if line[0] == "8"}
    assert ended == {f"8{channel:x}{number:02x}" for channel in range(16) for number in range(128)}
    for controller in ("40", "78", "7b"):  # pedal, all sound off, all notes off
        assert {f"b{channel:x}{controller}00" for channel in range(16)} <= set(heard)


@pytest.mark.usefixtures("no_midi")
@pytest.mark.parametrize("specs", [[], ["auto"], ["file:a.mid", "none"]])
def test_panic_without_an_instrument_is_told(specs: list[str]) -> None:
    with pytest.raises(OutputError, match="panic: there is no MIDI instrument"):
        panic(specs)


@pytest.mark.usefixtures("no_midi")
def test_panic_for_a_port_that_is_not_there_blames_no_setting() -> None:
    with pytest.raises(OutputError, match="panic: no MIDI port is called 'organ'"):
        panic(["organ"])


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[SmallSequencer]:
    """A machine with two synths of one name and another one; the sequencers that were opened, the latest last."""
    opened: list[SmallSequencer] = []

    def open_sequencer(faults: list[str]) -> SmallSequencer:
        opened.append(SmallSequencer(SteppedClock(), PIANO, SYNTH, TWIN))
        return opened[-1]

    monkeypatch.setattr("bachd.midi.systems.open_sequencer", open_sequencer)
    monkeypatch.setattr("bachd.midi.systems.other_systems", lambda *_: iter(()))
    return opened


TWIN = SequencerPort((28, 0), SYNTH.name, hardware=True)


@pytest.mark.parametrize(
    ("specs", "listening"),
    [
        (["SH-01A"], {SYNTH.address}),
        (["sh-01a#1"], {SYNTH.address}),
        (["SH-01A MIDI 1 #2"], {TWIN.address}),
        (["SH-01A#2", "FP-30X"], {TWIN.address, PIANO.address}),
        (["SH-01A", "SH-01A"], {SYNTH.address, TWIN.address}),
        (["AUTO"], {PIANO.address}),
    ],
)
def test_two_ports_of_one_name_are_told_apart(
    plugged: list[SmallSequencer], specs: list[str], listening: set[tuple[int, int]]
) -> None:
    output = opened(*specs)
    assert plugged[-1].listening == listening
    output.close()


def test_the_log_tells_which_of_two_was_chosen_and_how_to_name_the_other(
    plugged: list[SmallSequencer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    opened("sh-01").close()
    assert caplog.messages == [
        "midi.output: 'sh-01' fits several ports of one name: taking 'SH-01A MIDI 1#1'; "
        "for another write 'SH-01A MIDI 1#2'"
    ]
    caplog.clear()
    for specs in (["sh-01", "sh-01"], ["sh-01#2"], ["FP"]):
        opened(*specs).close()
    assert caplog.messages == []


def test_a_number_that_no_port_has_is_refused_with_those_there_are(plugged: list[SmallSequencer]) -> None:
    with pytest.raises(
        OutputError, match=r"'sh-01a#3'; there is 'FP-30X MIDI 1', 'SH-01A MIDI 1#1', 'SH-01A MIDI 1#2'"
    ):
        opened("sh-01a#3")


def test_ports_of_one_name_are_listed_so_that_each_can_be_named(plugged: list[SmallSequencer]) -> None:
    assert [port.name for port in list_ports()] == ["FP-30X MIDI 1", "SH-01A MIDI 1#1", "SH-01A MIDI 1#2"]
    assert panic(["SH-01A MIDI 1#2"]) == "SH-01A MIDI 1#2"


def test_a_synth_that_is_missing_among_several_is_waited_for(
    plugged: list[SmallSequencer], caplog: pytest.LogCaptureFixture
) -> None:
    output = opened("FP-30X", "Clavinova")
    assert output.description == "FP-30X MIDI 1, waiting for Clavinova"
    assert [line.partition(";")[0] for line in caplog.messages] == ["midi.output: no MIDI port is called 'Clavinova'"]
    output.close()
    with pytest.raises(OutputError, match="Clavinova"):
        opened("Clavinova")
    alone = open_outputs(["Clavinova"], MonotonicClock(), Lateness(), awaiting=True)
    assert alone.description == "waiting for Clavinova"
    alone.close()
