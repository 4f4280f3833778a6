"""Music that is written down while it is composed."""

from __future__ import annotations

from dataclasses import replace

from bachd.music.keys import Key
from bachd.music.notation.live import LiveNotation
from bachd.music.piece import Step
from tests.fakes import steps

B_FLAT = Key(10)


def in_key(line: str, key: Key = B_FLAT) -> list[Step]:
    return [replace(step, key=key) for step in steps(line)]


def texts(notation: LiveNotation, music: list[Step]) -> list[str]:
    return [notation.played(step).text(step.event) for step in music]


def test_names_are_those_of_the_key() -> None:
    assert texts(LiveNotation(), in_key("A#2.D4 ~A#2.D#4:0.5 R")) == ["Bb2.D4", "~Bb2.Eb4:0.5", "R"]


def test_a_view_that_comes_late_knows_the_key_too() -> None:
    late = in_key("A#2.D4 D#4 A#4")[1:]
    notation = LiveNotation()
    assert texts(notation, late) == ["Eb4", "Bb4"]
    assert notation.played(late[0]).key == B_FLAT


def test_without_a_key_the_music_decides() -> None:
    notation = LiveNotation()
    music = steps("D#3.G3.A#3.D#4 A#2.F3.A#3.D4 D#3.G3.A#3.D#4")
    assert notation.played(music[0], music[1:]).text(music[0].event) == "Eb3.G3.Bb3.Eb4"


def test_another_piece_begins_with_fresh_names_and_voices() -> None:
    sharp = in_key("F#3.A#3.C#4", Key(6))
    assert texts(LiveNotation(), [*in_key("A#2.D4"), *sharp]) == ["Bb2.D4", "F#3.A#3.C#4"]


def test_what_was_planned_is_what_is_written() -> None:
    notation, music = LiveNotation(), in_key("C3.G3.E4.C5 D3.F4.B4 ~D3.G4 C3.E4.C5")
    planned = notation.planned(music)
    assert notation.planned(music) == planned
    assert [notation.played(step) for step in music] == planned
    assert planned[1].voices == {50: 3, 65: 1, 71: 0}


def test_a_plan_that_changes_is_written_anew() -> None:
    notation, music = LiveNotation(), in_key("A#2 D4 F4")
    notation.planned(music)
    other = [music[0], *in_key("D#4 G4")]
    assert [written.text(step.event) for written, step in zip(notation.planned(other), other, strict=True)] == [
        "Bb2",
        "Eb4",
        "G4",
    ]
    assert texts(notation, other) == ["Bb2", "Eb4", "G4"]
