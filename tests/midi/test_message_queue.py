from __future__ import annotations

import math
import threading
import time

import pytest

from bachd.midi.message_queue import MessageHeap, MessageQueue, begins, ending, ends
from tests.conftest import PATIENCE

ON, OFF, CLOCK = b"\x91\x3c\x40", b"\x81\x3c\x00", b"\xf8"
SOON = 10.0
"""Seconds ahead that make all of these tests' deadlines due at once."""
LAST = 1e9
"""A deadline after all others."""


def taken(queue: MessageQueue) -> list[tuple[float, list[bytes]]]:
    """All that is there, chord by chord."""
    queue.put([(LAST, CLOCK)])
    found = []
    while (chord := queue.take(math.inf))[0][0] < LAST:
        assert len({due for due, _ in chord}) == 1
        found.append((chord[0][0], [data for _, data in chord]))
    return found


def test_two_streams_are_taken_by_deadline() -> None:
    queue = MessageQueue()
    queue.put([(2.0, CLOCK), (4.0, CLOCK)])
    queue.put([(1.0, ON), (4.0, OFF), (4.0, ON)])
    assert taken(queue) == [(1.0, [ON]), (2.0, [CLOCK]), (4.0, [CLOCK, OFF, ON])]


def test_what_was_retracted_is_not_taken() -> None:
    queue = MessageQueue()
    queue.put([(1.0, ON), (2.0, OFF), (3.0, ON)])
    queue.retract(1.0)
    queue.put([(1.5, OFF)])
    assert taken(queue) == [(1.0, [ON]), (1.5, [OFF])]


def test_what_is_left_is_in_order_whatever_was_between() -> None:
    heap = MessageHeap()
    for due in (2.0, 9.0, 1.0, 7.0, 11.0, 3.0, 6.0, 5.0):
        heap.put(due, CLOCK)
    heap.retract(9.0)
    assert [due for due, _ in heap.take(LAST)] == [1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 9.0]


def test_a_chord_that_cannot_be_held_back_any_more_is_ended() -> None:
    queue = MessageQueue()
    queue.put([(3.0, OFF), (3.0, ON), (3.0, CLOCK)])
    assert queue.take(SOON)
    queue.retract(2.0)
    assert taken(queue) == [(2.0, [OFF])]


def test_what_was_taken_too_early_is_ended_though_it_is_retracted_twice() -> None:
    queue = MessageQueue()
    queue.put([(3.0, ON)])
    assert queue.take(SOON)
    for moment in (2.0, 2.5, 1.0):
        queue.retract(moment)
    assert taken(queue) == [(2.0, [OFF])]


def test_more_notes_than_anybody_has_fingers_are_ended() -> None:
    queue = MessageQueue()
    keys = [bytes((channel, note)) for channel in range(16) for note in range(128)]
    queue.put((3.0, bytes((0x90 | channel, note, 64))) for channel, note in keys)
    assert len(queue.take(SOON)) == len(keys)
    queue.retract(2.0)
    assert {data for _, chord in taken(queue) for data in chord} == {bytes((0x80 | c, n, 0)) for c, n in keys}


def test_what_still_sounds_when_it_is_closed_is_ended() -> None:
    queue = MessageQueue()
    queue.put([(1.0, ON)])
    queue.close()
    assert [data for _, data in queue.take(SOON)] == [ON]
    assert [data for _, data in queue.take(SOON)] == [OFF]
    assert queue.take(SOON) == []


def test_a_chord_that_has_been_sent_is_not_ended() -> None:
    queue = MessageQueue()
    queue.put([(2.0, ON), (3.0, OFF)])
    assert queue.take(SOON)
    queue.retract(2.0)
    assert taken(queue) == []


def test_something_earlier_wakes_the_thread_that_waits() -> None:
    queue = MessageQueue()
    queue.put([(time.monotonic() + 10 * PATIENCE, ON)])
    found: list[list[bytes]] = []
    ready = threading.Event()

    def wait() -> None:
        ready.set()
        found.append([data for _, data in queue.take(0.0)])

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    queue.put([(time.monotonic(), CLOCK)])
    thread.join(PATIENCE)
    assert found == [[CLOCK]]


def test_a_note_begins_with_a_velocity() -> None:
    assert begins(ON)
    assert begins(b"\x91\x3c\x01")
    assert not begins(OFF)
    assert not begins(b"\x91\x3c\x00")
    assert not begins(CLOCK)
    assert ending(ON) == OFF
    assert ends(OFF)
    assert ends(b"\x91\x3c\x00")
    assert not ends(ON)
    assert not ends(CLOCK)


def test_the_end_that_a_closed_queue_owes_is_not_retracted() -> None:
    heap = MessageHeap()
    heap.put(1.0, ON)
    assert heap.take(1.0) == [(1.0, ON)]
    heap.release(5.0)
    heap.retract(2.0)
    assert heap.take(5.0) == [(5.0, OFF)]


def test_what_cannot_be_delivered_is_dropped_and_does_not_sound() -> None:
    heap = MessageHeap()
    heap.put(1.0, ON)
    heap.put(2.0, CLOCK)
    heap.drop()
    heap.release(3.0)
    assert heap.take(LAST) == [(2.0, CLOCK)]


def test_a_queue_waits_as_long_as_there_is_nothing_and_then_until_it_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = MessageQueue()
    waits: list[float | None] = []
    later = iter([time.monotonic() + 0.9, time.monotonic() + 1000, 1.0])

    def wait(seconds: float | None = None) -> bool:
        waits.append(seconds)
        queue._heap = MessageHeap()
        queue._heap.put(next(later), ON)
        return True

    monkeypatch.setattr(queue._changed, "wait", wait)
    assert queue.take(0.0) == [(1.0, ON)]
    nothing, soon, long = waits
    assert nothing is None
    assert soon is not None
    assert long is not None
    assert soon <= 0.9 < long <= 1000
