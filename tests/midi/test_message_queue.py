from __future__ import annotations

import threading
import time

from bachd.midi.message_queue import Agenda, begins, ending
from tests.conftest import PATIENCE

ON, OFF, CLOCK = b"\x91\x3c\x40", b"\x81\x3c\x00", b"\xf8"
SOON = 10.0
"""Seconds ahead that make all of these tests' deadlines due at once."""


def taken(agenda: Agenda) -> list[tuple[float, list[bytes]]]:
    """All that is there, chord by chord."""
    agenda.end()
    found = []
    while chord := agenda.take(SOON):
        assert len({due for due, _ in chord}) == 1
        found.append((chord[0][0], [data for _, data in chord]))
    return found


def test_two_streams_are_taken_by_deadline() -> None:
    agenda = Agenda()
    agenda.put([(2.0, CLOCK), (4.0, CLOCK)])
    agenda.put([(1.0, ON), (4.0, OFF), (4.0, ON)])
    assert taken(agenda) == [(1.0, [ON]), (2.0, [CLOCK]), (4.0, [CLOCK, OFF, ON])]


def test_what_was_retracted_is_not_taken() -> None:
    agenda = Agenda()
    agenda.put([(1.0, ON), (2.0, OFF), (3.0, ON)])
    agenda.retract(1.0)
    agenda.put([(1.5, OFF)])
    assert taken(agenda) == [(1.0, [ON]), (1.5, [OFF])]


def test_a_chord_that_cannot_be_held_back_any_more_is_ended() -> None:
    agenda = Agenda()
    agenda.put([(3.0, OFF), (3.0, ON), (3.0, CLOCK)])
    assert agenda.take(SOON)
    agenda.retract(2.0)
    assert taken(agenda) == [(3.0, [OFF])]


def test_a_chord_that_has_been_sent_is_not_ended() -> None:
    agenda = Agenda()
    agenda.put([(2.0, ON), (3.0, OFF)])
    assert agenda.take(SOON)
    agenda.retract(2.0)
    assert taken(agenda) == []


def test_something_earlier_wakes_the_thread_that_waits() -> None:
    agenda = Agenda()
    agenda.put([(time.monotonic() + 10 * PATIENCE, ON)])
    found: list[list[bytes]] = []
    ready = threading.Event()

    def wait() -> None:
        ready.set()
        found.append([data for _, data in agenda.take(0.0)])

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    agenda.put([(time.monotonic(), CLOCK)])
    thread.join(PATIENCE)
    assert found == [[CLOCK]]


def test_a_note_begins_with_a_velocity() -> None:
    assert begins(ON)
    assert not begins(OFF)
    assert not begins(b"\x91\x3c\x00")
    assert not begins(CLOCK)
    assert ending(ON) == OFF
