"""The journal and what is made of it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music import midifile
from bachd.music.event import print_line
from bachd.service.web.server import recording
from bachd.service.web.server.recording import Journal, score
from bachd.service.web.step_json import described
from tests.fakes import steps


def told(line: str, piece: str = "a piece", start: int = 0) -> list[dict[str, Any]]:
    """A line of music as the feed tells it."""
    found, tick = [], 0
    for number, step in enumerate(steps(line, piece=piece)):
        found.append(described(step, start + number, tick, 0.0, 120.0, (1, 2)))
        tick += step.event.ticks
    return found


def test_what_is_kept_is_what_was_played() -> None:
    line = "C3.E4.G4 ~C3.F4:0.5 R:0.5 A2.G#3 B2"
    piece = midifile.read(score(told(line)), "kept")
    assert print_line(piece.events) == line
    assert piece.bpm == 120


def test_voices_keep_their_channels_and_velocities() -> None:
    notes = [message for message in mido.MidiFile(file=io.BytesIO(score(told("C3.E4")))) if message.type == "note_on"]
    assert {(note.note, note.channel) for note in notes} == {(64, 0), (48, 1)}
    assert all(note.velocity > 0 for note in notes)


@given(st.lists(st.sampled_from(["C4", "~C4", "~C4.E4", "R", "C4.E4", "~E4"]), min_size=1), st.data())
def test_no_note_hangs_whatever_is_missing(line: list[str], data: st.DataObject) -> None:
    kept = [step for step in told(" ".join(line)) if data.draw(st.booleans())]
    sounding: set[int] = set()
    for message in mido.MidiFile(file=io.BytesIO(score(kept))) if kept else ():
        if message.type in ("note_on", "note_off"):
            (sounding.add if message.type == "note_on" else sounding.remove)(message.note)
    assert not sounding


def test_a_journal_goes_on_after_a_crash_and_not_after_another_run(tmp_path: Path) -> None:
    music = told("C4 D4 E4 F4")
    for step in music[:2]:
        Journal(tmp_path, "one run").add(step)
    with (tmp_path / "played").open("a") as file:
        file.write('{"n": 2, "ti')  # cut off
        file.write("\n")
    again = Journal(tmp_path, "one run")
    again.add(music[3])
    assert [step["n"] for step in again.steps()] == [0, 1, 3]
    assert Journal(tmp_path, "another run").steps() == []


def test_the_last_bars_begin_with_a_bar_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "a run")
    for step in told("C4 D4 E4 F4 G4:2 A4:2 B4:3 C5:1 D5"):
        journal.add(step)
    assert [step["text"] for step in journal.steps(1)] == ["D5"]
    assert [step["text"] for step in journal.steps(2)] == ["B4:3", "C5", "D5"]
    assert len(journal.steps(99)) == len(journal.steps()) == 9


def test_the_journal_keeps_to_its_share_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "SHARE", 2000)
    journal = Journal(tmp_path, "a run")
    for step in told("C4 " * 100):
        journal.add(step)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 5000
    numbers = [step["n"] for step in journal.steps()]
    assert numbers == list(range(numbers[0], 100))
    assert len(numbers) > 5


def test_a_folder_that_cannot_be_used_ends_only_the_journal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("no folder")
    journal = Journal(tmp_path / "state", "a run")
    journal.add(told("C4")[0])
    assert journal.steps() == []
    assert len(caplog.messages) == 1
