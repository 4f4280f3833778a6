from __future__ import annotations

import pytest
from hypothesis import given

from bachd.music import pitch
from bachd.music.event import Event, parse_line
from bachd.music.notation.voices import Voices, count, names
from tests.music.strategies import rows


def voiced(line: str, voices: int = 4) -> list[dict[str, int]]:
    """The voices of the notes by their names, event by event."""
    tracker = Voices(voices)
    return [{pitch.name(note): voice for note, voice in tracker.assign(event).items()} for event in parse_line(line)]


def test_four_notes_are_the_four_voices() -> None:
    assert voiced("C3.G3.E4.C5") == [{"C5": 0, "E4": 1, "G3": 2, "C3": 3}]


def test_the_bass_is_the_bass_where_two_voices_meet() -> None:
    first, second = voiced("C3.G3.E4.C5 D3.F4.B4")
    assert (first["C3"], second["D3"], second["B4"]) == (3, 3, 0)
    assert second["F4"] == 1  # a step from the alto's E, and a seventh from the tenor's G


def test_a_held_note_keeps_its_voice() -> None:
    _, second, third = voiced("C3.G3.E4.C5 ~C3.~G3.F4.A4 ~C3.~G3.~F4")
    assert (second["G3"], third["F4"], third["C3"]) == (2, 1, 3)


def test_a_single_line_stays_in_one_voice() -> None:
    assert {voice for event in voiced("C4 E4 G4 C5 G3 C3 C5 E3") for voice in event.values()} == {0}


def test_a_line_stays_in_one_voice_after_its_chords() -> None:
    line = voiced("G3 D3 B2 G2.D3.B3 A2 ~A2.C3 F#2 G2 D2:2 G3 ~G3.C4 B3 G2")
    assert {voice for event in line[4:] if len(event) == 1 for voice in event.values()} == {0}
    assert line[3] == {"B3": 0, "D3": 1, "G2": 3}


def test_a_single_note_goes_on_with_the_nearest_voice() -> None:
    assert voiced("C3.C5 D3 ~D3.B4")[1:] == [{"D3": 3}, {"D3": 3, "B4": 0}]


def test_more_notes_than_voices_share_them() -> None:
    (chord,) = voiced("G2.D3.B3.G4", 1)
    assert set(chord.values()) == {0}


@given(rows())
def test_every_note_has_a_voice_and_held_ones_the_same(events: tuple[Event, ...]) -> None:
    tracker, before = Voices(), dict[int, int]()
    for event in events:
        found = tracker.assign(event)
        assert set(found) == set(event.sounding)
        assert all(0 <= voice < 4 for voice in found.values())
        assert all(found[note] == before[note] for note in event.held if note in before)
        before = found


@pytest.mark.parametrize(
    ("line", "voices"), [("C4 E4 G4", 1), ("C4:99 C3.C4", 1), ("C3.C4 D4", 2), ("C3.E3.G3.C4.E4", 4), ("R", 1)]
)
def test_a_score_has_as_many_voices_as_usually_sound(line: str, voices: int) -> None:
    assert count(parse_line(line)) == voices


def test_four_voices_have_the_names_of_a_choir() -> None:
    assert names(4) == ("Soprano", "Alto", "Tenor", "Bass")
    assert names(2) == ("Voice 1", "Voice 2")
