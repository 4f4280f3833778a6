from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.config import Config
from bachd.music import keys, pitch
from bachd.music.event import TICKS
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.notation import musicxml, spelling
from bachd.music.notation.score import score
from bachd.music.notes import join
from bachd.music.piece import Step
from bachd.service.factory import open_composer
from bachd.service.render import until
from tests.fakes import steps


@given(st.integers(1, 2000))
def test_any_length_is_made_of_notes_that_can_be_written(ticks: int) -> None:
    assert sum(musicxml.lengths_of(ticks)) == ticks


def test_a_title_with_what_xml_cannot_hold_is_still_a_file() -> None:
    text = musicxml.write(score(steps("C4")), "a\x00b\udcffc & <d>")
    assert b"<work-title>abc &amp; &lt;d&gt;</work-title>" in text


def test_no_music_is_an_empty_score() -> None:
    assert b"score-partwise" in musicxml.write(score([]), "nothing")


def reopened(played: list[Step], tmp_path: Path) -> Any:
    """What music21 reads from the file of some steps."""
    music21 = pytest.importorskip("music21")
    file = tmp_path / "a.musicxml"
    file.write_bytes(musicxml.write(score(played, 72), "a piece", creator="bachd"))
    return music21.converter.parse(file, forceSource=True)


def found(opened: Any) -> list[tuple[int, int, int]]:
    """Start and end in ticks, and MIDI number, of each note in a score of music21, tied ones as one."""
    notes = []
    for part in opened.parts:
        tied: dict[tuple[int, int], int] = {}  # end and pitch of a note that goes on -> start
        for item in sorted(part.flatten().notes, key=lambda each: each.offset):
            start, end = (round(float(moment) * TICKS) for moment in (item.offset, item.offset + item.quarterLength))
            kind = item.tie.type if item.tie else ""
            for number in (int(each.midi) for each in item.pitches):
                begun = tied.pop((start, number)) if kind in ("stop", "continue") else start
                if kind in ("start", "continue"):
                    tied[end, number] = begun
                else:
                    notes.append((begun, end, number))
        assert not tied
    return sorted(notes)


def written(played: list[Step]) -> list[tuple[int, int, int]]:
    return sorted((note.start, note.end, note.pitch) for note in join(step.event for step in played))


def test_four_voices_come_back_with_key_metre_tempo_and_upbeat(tmp_path: Path) -> None:
    grid = Grid(((0, Metre(3, 4)),), upbeat=24)
    line = "F3.A3.C4.F4 A#2.A#3.D4.F4 D#3.A#3.D#4.G4 F3.A3.D#4.F4 A#2.A#3.D4.F4:2 ~A#2.~A#3.~D4.~F4"
    played = [replace(step, key=Key(10), upbeat=True) for step in steps(line, grid)]
    opened = reopened(played, tmp_path)
    assert found(opened) == written(played)
    assert [part.partName for part in opened.parts] == ["Soprano", "Alto", "Tenor", "Bass"]
    bass = opened.parts[3]
    assert [note.nameWithOctave for note in bass.flatten().notes] == ["F3", "B-2", "E-3", "F3", "B-2"]
    assert [(bar.number, bar.quarterLength) for bar in bass.getElementsByClass("Measure")] == [(0, 1), (1, 3), (2, 3)]
    assert bass.flatten().keySignature.sharps == -2
    assert bass.flatten().getElementsByClass("Clef")[0].sign == "F"
    assert opened.metronomeMarkBoundaries()[0][2].number == 72


def test_triplets_ties_and_rests_keep_their_lengths(tmp_path: Path) -> None:
    played = steps("C4:1/3 D4:1/3 E4:1/3 ~E4:5/24 R:19/24 C3.C5:3.5 ~C3.D5:2.5 R:2 E3:9")
    assert found(reopened(played, tmp_path)) == written(played)


@pytest.mark.parametrize("model", ["chorales", "cello", "keyboard"])
def test_what_a_bundle_composes_comes_back_note_for_note_and_bar_for_bar(model: str, tmp_path: Path) -> None:
    played = list(until(16, open_composer(Config(model=model), 5)))
    opened = reopened(played, tmp_path)
    assert found(opened) == written(played)
    bars = score(played).bars
    for part in opened.parts:
        measures = list(part.getElementsByClass("Measure"))
        assert [bar.number for bar in measures] == [bar.number for bar in bars]
        assert [round(bar.offset * TICKS) for bar in measures] == [bar.start for bar in bars]
    names = {note.nameWithOctave for part in opened.parts for each in part.flatten().notes for note in each.pitches}
    assert all(pitch.number(name) for name in names)


def staves(line: str, tmp_path: Path) -> list[tuple[str, set[str]]]:
    """The clef of each staff of some music, and the names of its notes."""
    opened = reopened(steps(line), tmp_path)
    return [
        (
            part.flatten().getElementsByClass("Clef")[0].sign,
            {pitch.nameWithOctave for note in part.flatten().notes for pitch in note.pitches},
        )
        for part in opened.parts
    ]


def test_voices_from_treble_to_bass_are_on_a_grand_staff(tmp_path: Path) -> None:
    line = "C3.E4.C5:2 D3.F4.B4:2"
    assert staves(line, tmp_path) == [("G", {"E4", "C5", "F4", "B4"}), ("F", {"C3", "D3"})]
    assert written(steps(line)) == found(reopened(steps(line), tmp_path))


def test_low_voices_share_one_staff_and_four_have_one_each(tmp_path: Path) -> None:
    assert staves("C2.E3:2 D2.F3:2", tmp_path) == [("F", {"C2", "E3", "D2", "F3"})]
    assert [clef for clef, _ in staves("C3.A3.E4.C5:4", tmp_path)] == ["G", "G", "G", "F"]


def test_a_part_of_a_piece_has_no_final_bar_line() -> None:
    music = score(steps("C4:4"))
    assert b"light-heavy" in musicxml.write(music, "whole")
    assert b"light-heavy" not in musicxml.write(music, "part", ends=False)


def test_names_that_were_given_are_kept() -> None:
    played = steps("A#3")
    flat = spelling.spelled(58, "Bb3")
    assert b"<step>B</step>" in musicxml.write(score(played, names=[{58: flat}]), "a piece")


@pytest.mark.parametrize("name", ["H3", "", "B?3", "Bbbb3"])
def test_what_is_no_name_of_a_note_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a note"):
        spelling.spelled(58, name)


@given(st.integers(0, 127), st.sampled_from(keys.ALL))
def test_a_name_that_is_read_is_the_one_that_was_written(pitch_number: int, key: Key) -> None:
    (given_name,) = spelling.spell([pitch_number], key)
    assert spelling.spelled(pitch_number, str(given_name)) == given_name
