from __future__ import annotations

from bachd.midi.input.person import PersonEvent
from bachd.music.event import print_line
from bachd.music.message import Message
from bachd.service.person.phrase import PhraseRecorder


def recorded(until: int, *notes: tuple[int, str]) -> tuple[str, int]:
    recorder = PhraseRecorder()
    for tick, data in notes:
        recorder.take(PersonEvent(0.0, Message(bytes.fromhex(data)), ""), tick)
    piece = recorder.piece(until)
    return print_line(piece.events), piece.grid.upbeat


def test_notes_become_events() -> None:
    assert recorded(96, (0, "903c40"), (24, "803c40"), (24, "904040"), (36, "804040"), (48, "904340")) == (
        "C4 E4:0.5 R:0.5 G4:2",
        0,
    )


def test_a_phrase_that_begins_within_a_bar_has_an_upbeat() -> None:
    assert recorded(120, (72, "903c40"), (96, "803c40"), (96, "904040")) == ("C4 E4", 24)


def test_what_is_short_lasts_a_sixteenth() -> None:
    assert recorded(48, (0, "903c40"), (0, "803c40"), (24, "904040")) == ("C4:0.25 R:0.75 E4", 0)


def test_chords_and_overlaps_are_kept() -> None:
    assert recorded(48, (0, "903c40"), (0, "904040"), (24, "904340"), (48, "803c40")) == ("C4.E4 ~C4.~E4.G4", 0)


def test_what_was_held_before_belongs_to_the_old_phrase() -> None:
    recorder = PhraseRecorder()
    recorder.take(PersonEvent(0.0, Message(bytes.fromhex("903c40")), ""), 0)
    recorder.clear()
    recorder.take(PersonEvent(0.0, Message(bytes.fromhex("803c40")), ""), 24)
    assert recorder.is_empty
