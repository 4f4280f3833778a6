from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bachd.errors import OutputError
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.panic import panic
from bachd.midi.ports import open_outputs
from bachd.midi.resolve import examine, without_synth
from bachd.midi.systems import list_ports
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from tests.midi.opening import opened
from tests.midi.small import PIANO, SYNTH, SmallSequencer, SteppedClock


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


@pytest.mark.usefixtures("no_midi")
def test_without_midi_a_file_takes_the_synths_place() -> None:
    assert without_synth() == "plays into a .mid file"


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
