from __future__ import annotations

from random import Random

import pytest

from bachd.music.message import Message
from bachd.music.performance.expression import Expression
from bachd.realtime.note_tracker import NoteTracker
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
