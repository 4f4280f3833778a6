"""A rendered .mid has a track for each voice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import pytest

from bachd.errors import OutputError
from bachd.midi.file.tracks import TracksOutput
from bachd.music import pitch
from bachd.music.keys import Key
from bachd.music.message import bank_select, program_change
from bachd.music.performance.phrase_controller import PhraseController
from bachd.music.piece import Step
from bachd.realtime.clock import OfflineClock
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from tests.fakes import run, steps


def written(path: Path, music: list[Step], program: int | None = None, **how: Any) -> mido.MidiFile:
    """The file of some music that was played into it."""
    script = iter(music)

    async def compose(_opens_bar: bool) -> Composed | None:
        return None if (step := next(script, None)) is None else Composed(step)

    output = TracksOutput(path, "title")
    patches = () if program is None else ((program_change(0, program),),)
    how = {"patches": patches, **how}
    player = Player(output, Transport(120), OfflineClock(), on_step=output.on_step, **how)
    run(player.perform(compose))
    output.close()
    return mido.MidiFile(path)


def log(track: mido.MidiTrack) -> list[str]:
    """The notes of a track: '0 on C4', '480 off C4'."""
    found, tick = [], 0
    for message in track:
        tick += message.time
        if message.type in ("note_on", "note_off"):
            found.append(f"{tick} {message.type.removeprefix('note_')} {pitch.name(message.note)}")
    return found


def test_each_voice_has_a_track_by_its_name(tmp_path: Path) -> None:
    file = written(tmp_path / "a.mid", steps("C3.G3.E4.C5 B2.G3.D4:2"))
    assert (file.type, file.ticks_per_beat) == (1, 480)
    assert [track.name for track in file.tracks] == ["title", "Soprano", "Alto", "Tenor", "Bass"]
    assert log(file.tracks[1]) == ["0 on C5", "480 off C5", "480 on D4", "1440 off D4"]
    assert log(file.tracks[4]) == ["0 on C3", "480 off C3", "480 on B2", "1440 off B2"]


def test_a_held_note_stays_in_its_track(tmp_path: Path) -> None:
    file = written(tmp_path / "a.mid", steps("C3.G3.E4.C5 ~C3.~G3.F4.A4 ~C3.E3.F3.A4"))
    assert log(file.tracks[3]) == ["0 on G3", "960 off G3", "960 on E3", "1440 off E3"]


def test_the_first_track_has_key_metre_and_tempo(tmp_path: Path) -> None:
    music = [replace(step, key=Key(10)) for step in steps("A#3.D4 C4.E4")]
    signs = {message.type: message for message in written(tmp_path / "a.mid", music).tracks[0]}
    assert signs["key_signature"].key == "Bb"
    assert (signs["time_signature"].numerator, signs["set_tempo"].tempo) == (4, 500_000)


def test_what_is_for_a_channel_is_in_the_order_in_which_it_was_sent(tmp_path: Path) -> None:
    patches, swell = [[*bank_select(0, 300), program_change(0, 42)]], PhraseController(11, [0])
    track = written(tmp_path / "a.mid", steps("C4:8"), patches=patches, phrase_controller=swell).tracks[1]
    first = [(message.type, getattr(message, "control", None)) for message in track[1:6]]
    bank = [("control_change", 0), ("control_change", 32), ("program_change", None)]
    assert first == [*bank, ("control_change", 11), ("note_on", None)]
    assert len([message for message in track if message.type == "control_change"]) > 20


def test_a_single_line_is_one_track_and_its_sound_comes_first(tmp_path: Path) -> None:
    file = written(tmp_path / "a.mid", steps("C4 D4 E4"), program=42)
    assert [track.name for track in file.tracks] == ["title", "title"]
    assert [message.type for message in file.tracks[1]][1:3] == ["program_change", "note_on"]


def test_no_music_is_a_file_without_notes(tmp_path: Path) -> None:
    assert all(not log(track) for track in written(tmp_path / "a.mid", []).tracks)


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        written(tmp_path / "missing" / "a.mid", steps("C4"))
