from __future__ import annotations

from itertools import chain
from random import Random

import pytest

from bachd.music.message import Message
from bachd.music.performance.expression import Expression
from bachd.realtime.note_tracker import NoteTracker, VoiceMix
from tests.fakes import steps

RATE = 48.0


def texts(messages: list[Message]) -> list[str]:
    return [f"{message.type} {message.channel} {message.note}" for message in messages]


def played(tracker: NoteTracker, script: str) -> list[tuple[list[str], list[str]]]:
    """For each step, the notes that end and those that begin."""
    found = []
    for step in steps(script):
        ended, begun = tracker.play(step, RATE)
        found.append((texts([each for _, each in ended]), texts([each for _, each in begun])))
    return found


def test_a_note_ends_when_the_next_begins_and_a_held_one_goes_on() -> None:
    assert played(NoteTracker([1]), "C4.E4 ~C4.G4 R") == [
        ([], ["note_on 0 64", "note_on 0 60"]),
        (["note_off 0 64"], ["note_on 0 67"]),
        (["note_off 0 60", "note_off 0 67"], []),
    ]


def test_a_repeated_note_is_ended_before_it_is_struck_again() -> None:
    assert played(NoteTracker([1]), "C4 C4")[1] == (["note_off 0 60"], ["note_on 0 60"])


def test_what_is_to_be_held_and_does_not_sound_is_struck() -> None:
    assert played(NoteTracker([1]), "~C4") == [([], ["note_on 0 60"])]


@pytest.mark.parametrize(
    ("channels", "used"), [([3], [2, 2, 2]), ([1, 2], [0, 1, 1]), ([4, 5, 6], [3, 4, 5]), ([1, 2, 3, 4], [0, 1, 2])]
)
def test_voices_go_to_the_channels_from_the_top_and_the_last_takes_the_rest(
    channels: list[int], used: list[int]
) -> None:
    tracker = NoteTracker(channels)
    played(tracker, "C4.E4.G4")
    assert [tracker.sounding[note] for note in (67, 64, 60)] == used


def test_a_note_ends_on_the_channel_that_it_began_on() -> None:
    tracker = NoteTracker([1, 2])
    played(tracker, "C4.G4")
    tracker.use([5])
    assert played(tracker, "~C4.A4 R") == [
        (["note_off 0 67"], ["note_on 4 69"]),
        (["note_off 1 60", "note_off 4 69"], []),
    ]


def test_after_a_release_nothing_sounds() -> None:
    tracker = NoteTracker([1])
    played(tracker, "C4.E4")
    assert texts(tracker.release_all()) == ["note_off 0 64", "note_off 0 60"]
    assert tracker.release_all() == []
    assert tracker.sounding == {}


def test_a_humanised_note_is_late_and_never_early() -> None:
    tracker = NoteTracker([1], Expression(Random(1), humanise=0.03))
    delays = [delay for step in steps("C4 D4 E4 F4") for delay, _ in tracker.play(step, RATE)[1]]
    assert 0 < max(delays) <= 0.03 * RATE
    assert min(delays) >= 0


SILENT_BASS = VoiceMix(levels=(1.0, 1.0, 1.0, 0.0))


def test_a_voice_that_falls_silent_ends_its_note_and_strikes_no_other() -> None:
    tracker = NoteTracker([1])
    played(tracker, "C3.E4.G4.C5")
    tracker.use([1], mix=SILENT_BASS)
    row = steps("C3.E4.G4.C5 ~C3.E4.G4.D5 D3.F4.G4.D5")[1:]
    first, second = (tracker.play(step, RATE) for step in row)
    assert "note_off 0 48" in texts([each for _, each in first[0]])
    assert not {48, 50} & {each.note for _, each in (*first[1], *second[1])}
    assert set(tracker.sounding) == {65, 67, 74}


def test_a_voice_that_is_heard_again_goes_on_with_the_note_that_it_has() -> None:
    tracker = NoteTracker([1], mix=SILENT_BASS)
    first, second = steps("C3.E4.G4.C5 ~C3.E4.G4.D5")
    assert 48 not in {each.note for _, each in tracker.play(first, RATE)[1]}
    tracker.use([1])
    assert "note_on 0 48" in texts([each for _, each in tracker.play(second, RATE)[1]])


def test_the_bass_is_the_lowest_note_however_few_sound() -> None:
    tracker = NoteTracker([1], mix=SILENT_BASS)
    assert [begun for _, begun in played(tracker, "C3.E4.G4.C5 D3.D5 E3.G4.C5")] == [
        ["note_on 0 72", "note_on 0 67", "note_on 0 64"],
        ["note_on 0 74"],
        ["note_on 0 72", "note_on 0 67"],
    ]


def test_a_softer_voice_is_struck_softer_and_none_beyond_what_midi_has() -> None:
    (step,) = steps("C3.E4.G4.C5")
    plain = NoteTracker([1]).play(step, RATE)[1]
    mixed = NoteTracker([1], mix=VoiceMix(levels=(1.5, 1.0, 0.5, 0.001))).play(step, RATE)[1]
    before, after = ([each.velocity for _, each in begun] for begun in (plain, mixed))
    assert after == [min(127, round(1.5 * before[0])), before[1], round(0.5 * before[2]), 1]


def test_a_voice_with_a_channel_of_its_own_takes_it_along_into_smaller_chords() -> None:
    tracker = NoteTracker([1, 2], mix=VoiceMix(channels=(None, None, None, 5)))
    assert [begun for _, begun in played(tracker, "C3.E4.G4.C5 D3.D5")] == [
        ["note_on 0 72", "note_on 1 67", "note_on 1 64", "note_on 4 48"],
        ["note_on 0 74", "note_on 4 50"],
    ]


def test_muted_and_heard_again_at_random_no_note_hangs() -> None:
    chance, tracker, sounding = Random(7), NoteTracker([1, 2]), set[tuple[int, int]]()
    notes = ("C3 D3 E3 F3", "G3 A3 B3 C4", "D4 E4 F4 G4", "A4 B4 C5 D5")
    for _ in range(500):
        levels = tuple(chance.choice((0.0, 0.3, 1.0)) for _ in range(4))
        channels = tuple(chance.choice((None, 5, 6)) for _ in range(4))
        tracker.use([1, 2], mix=VoiceMix(levels, channels))
        chord = ".".join(chance.choice("~ ").strip() + chance.choice(row.split()) for row in notes)
        for _, message in chain(*tracker.play(steps(chord)[0], RATE)):
            key = (message.channel, message.note)
            assert (key in sounding) == (message.type == "note_off")
            sounding ^= {key}
    assert {(channel, note) for note, channel in tracker.sounding.items()} == sounding
    tracker.release_all()
