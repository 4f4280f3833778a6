"""The recording of a run, and the .mid that is made of it."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music import midifile
from bachd.music.event import print_line
from bachd.service.web.server.music_files import recording
from bachd.service.web.server.music_files.recording import Recording, write_midi
from tests.service.web.played import played


def test_what_is_kept_is_what_was_played() -> None:
    line = "C3.E4.G4 ~C3.F4:0.5 R:0.5 A2.G#3 B2"
    piece = midifile.read(write_midi(played(line)), "kept")
    assert print_line(piece.events) == line
    assert piece.bpm == 120


def test_voices_keep_their_channels_and_velocities() -> None:
    midi = mido.MidiFile(file=io.BytesIO(write_midi(played("C3.E4"))))
    notes = [message for message in midi if message.type == "note_on"]
    assert {(note.note, note.channel) for note in notes} == {(64, 0), (48, 1)}
    assert all(note.velocity > 0 for note in notes)


def test_a_program_comes_before_the_first_note_of_each_channel() -> None:
    assert write_midi([], 42) == b""
    found = list(mido.MidiFile(file=io.BytesIO(write_midi(played("C3.E4 D3.F4"), 42))))
    first = next(index for index, message in enumerate(found) if message.type == "note_on")
    programs = [message for message in found[:first] if message.type == "program_change"]
    assert {(message.channel, message.program) for message in programs} == {(channel, 42) for channel in range(16)}


@given(st.lists(st.sampled_from(["C4", "~C4", "~C4.E4", "R", "C4.E4", "~E4"]), min_size=1), st.data())
def test_no_note_hangs_whatever_is_missing(line: list[str], data: st.DataObject) -> None:
    kept = [step for step in played(" ".join(line)) if data.draw(st.booleans())]
    sounding: set[int] = set()
    for message in mido.MidiFile(file=io.BytesIO(write_midi(kept))) if kept else ():
        if message.type in ("note_on", "note_off"):
            (sounding.add if message.type == "note_on" else sounding.remove)(message.note)
    assert not sounding


def test_a_recording_goes_on_after_a_crash_and_not_after_another_run(tmp_path: Path) -> None:
    music = played("C4 D4 E4 F4")
    for step in music[:2]:
        Recording(tmp_path, "one run").add(step)
    with (tmp_path / "played").open("a") as file:
        file.write('{"n": 2, "ti')  # cut off
        file.write("\n")
    again = Recording(tmp_path, "one run")
    again.add(music[3])
    assert [step["n"] for step in again.steps()] == [0, 1, 3]
    assert list(Recording(tmp_path, "another run").steps()) == []


def test_the_last_bars_begin_with_a_bar_line(tmp_path: Path) -> None:
    kept = Recording(tmp_path, "a run")
    for step in played("C4 D4 E4 F4 G4:2 A4:2 B4:3 C5:1 D5"):
        kept.add(step)
    assert [step["text"] for step in kept.steps(1)] == ["D5"]
    assert [step["text"] for step in kept.steps(2)] == ["B4:3", "C5", "D5"]
    assert len(list(kept.steps(99))) == len(list(kept.steps())) == 9


def test_the_recording_keeps_to_its_share_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "SHARE", 2000)
    kept = Recording(tmp_path, "a run")
    for step in played("C4 " * 100):
        kept.add(step)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5000
    numbers = [step["n"] for step in kept.steps()]
    assert numbers == list(range(numbers[0], 100))
    assert len(numbers) > 5


def test_what_was_retracted_is_not_kept(tmp_path: Path) -> None:
    kept = Recording(tmp_path, "a run")
    music = played("C4 D4 E4 F4 G4")
    for step in music:
        kept.add(step)
    kept.retract(3, [{**music[3], "ticks": 6}])
    assert [(step["n"], step["ticks"]) for step in kept.steps()] == [(0, 24), (1, 24), (2, 24), (3, 6)]
    again = Recording(tmp_path, "a run")  # as when its process was started anew
    again.retract(3, [])
    again.retract(7, [])
    assert [step["n"] for step in again.steps()] == [0, 1, 2]
    again.retract(0, [])
    assert list(again.steps()) == []


def test_what_was_retracted_is_cut_off_the_older_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "SHARE", 2000)
    kept = Recording(tmp_path, "a run")
    music, number = played("C4 " * 12), 0
    while not (tmp_path / "played.before").exists():
        kept.add(music[number])
        number += 1
    assert not (tmp_path / "played").exists()
    assert len(list(kept.steps())) == number
    kept.retract(number - 2, [music[number - 2]])
    assert [step["n"] for step in kept.steps()] == list(range(number - 1))


def test_a_retraction_reads_the_end_of_a_long_recording_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LATEST", 3000)
    kept = Recording(tmp_path, "a run")
    for step in played("C4 " * 100):
        kept.add(step)
    with (tmp_path / "played").open("a") as file:
        file.write('{"n": 2, "ti\n')  # cut off
    kept.retract(97, [])
    assert [step["n"] for step in kept.steps()] == list(range(97))


def test_while_nothing_can_be_written_there_is_a_gap_and_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("no folder")
    kept = Recording(tmp_path / "state", "a run")
    first, second, third = played("C4 D4 E4")
    kept.add(first)
    kept.add(second)
    assert list(kept.steps()) == []
    assert len(caplog.messages) == 1
    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir()
    kept.add(third)
    assert [step["n"] for step in kept.steps()] == [2]


def test_reading_takes_no_more_memory_than_some_steps(tmp_path: Path) -> None:
    kept = Recording(tmp_path, "a run")
    (step,) = played("C3.E4.G4.C5")
    line = json.dumps(step) + "\n"
    (tmp_path / "played").write_text(line * 4000)
    tracemalloc.start()
    try:
        for bars in (None, 100_000):
            data = write_midi(kept.steps(bars))
            assert len(data) > 100_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1e6  # with all steps at once, it was 15 MB


def test_a_line_of_another_version_is_passed_over(tmp_path: Path) -> None:
    kept = Recording(tmp_path, "a run")
    music = played("C4 D4 E4")
    kept.add(music[0])
    older = {name: value for name, value in music[1].items() if name != "notes"}
    with (tmp_path / "played").open("a") as file:
        file.write(json.dumps(older) + "\n")
    kept.add(music[2])
    assert [step["n"] for step in kept.steps()] == [0, 2]
    assert write_midi(kept.steps()).startswith(b"MThd")


def test_notes_that_end_together_are_written_whichever_is_struck_again_by_another_voice() -> None:
    first, second = played("C4.E4.G4 E4")
    for ends in ([[60, "C4", 0], [64, "E4", 0], [67, "G4", 0]], [[67, "G4", 0], [64, "E4", 0], [60, "C4", 0]]):
        first["notes"], second["notes"] = [tuple(note) for note in ends], [(64, "E4", 1)]  # type: ignore[misc]
        file = mido.MidiFile(file=io.BytesIO(write_midi([first, second])))
        notes = [message for message in file if message.type in ("note_on", "note_off")]
        assert len(notes) == 8
        assert [message.type for message in notes if message.note == 64] == ["note_on", "note_off"] * 2
