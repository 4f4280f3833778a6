from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mido import MidiFile

from bachd.errors import EXIT_UNAVAILABLE, OutputError
from bachd.midi.ports import open_outputs
from bachd.music.message import control_change, note_off, note_on, program_change, set_tempo, time_signature
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from tests.midi.opening import note, opened


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
    kept = f"no synth and no loudspeaker here, so the music is kept in {outputs[0].description} (ALSA: "
    assert caplog.messages[0].startswith(kept)


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
    state = set_tempo(96), time_signature(3, 4), program_change(0, 19), control_change(0, 11, 80)
    for message in (*state, note_on(0, 60, 64)):
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
    channel = ["program_change", "control_change", "note_on", "note_off"]
    assert kinds == ["set_tempo", "time_signature", *channel, "end_of_track"]


def test_what_is_waited_for_is_used_again_after_a_reload(tmp_path: Path) -> None:
    spec = f"file:{tmp_path / 'stick' / 'b.mid'}"
    before = opened("none", spec)
    after = open_outputs([spec, "none"], MonotonicClock(), Lateness(), present=before)
    assert after.outputs == before.outputs
    after.close()


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


@pytest.mark.usefixtures("no_midi")
def test_each_output_has_the_offset_that_was_asked_for(tmp_path: Path) -> None:
    first, second = (f"file:{tmp_path / name}" for name in ("a.mid", "b.mid"))
    outputs = open_outputs([first, second], MonotonicClock(), Lateness(), offsets={second: 0.01})
    assert outputs._offsets == (0.0, 0.01)
    outputs.close()


@pytest.mark.usefixtures("no_midi")
def test_those_that_alone_may_be_sent_what_is_played_are_known(tmp_path: Path) -> None:
    first, second = (f"file:{tmp_path / name}" for name in ("a.mid", "b.mid"))
    both = open_outputs([first, second], MonotonicClock(), Lateness())
    assert both.thru is both
    one = open_outputs([first, second], MonotonicClock(), Lateness(), present=both, thru=[second])
    assert one.outputs == both.outputs
    assert one.thru.outputs == one.outputs[1:]
    one.close()


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
