"""Whether a device is absent, waits for the next bar, or plays."""

from __future__ import annotations

import pytest

from bachd.midi.chase import Chase
from bachd.midi.presence import Presence, State
from bachd.music.message import CLOCK, CONTINUE, START, STOP, control_change, note_off, note_on, songpos

ON, OFF, PEDAL = note_on(0, 60, 80).data, note_off(0, 60).data, control_change(0, 64, 0).data
CHANNEL = (ON, OFF, PEDAL)
REAL_TIME = (START.data, CONTINUE.data, CLOCK.data, songpos(4).data)


@pytest.fixture
def running() -> Chase:
    """What an output was sent that sends a clock."""
    chase = Chase()
    chase.see(0.0, START.data)
    chase.see(0.1, CLOCK.data)
    return chase


def test_a_device_that_plays_gets_everything(running: Chase) -> None:
    assert all(Presence().passes(data, running) for data in (*CHANNEL, *REAL_TIME, STOP.data))


def test_a_device_that_arrives_gets_the_beginnings_of_notes_from_the_next_bar_on(running: Chase) -> None:
    presence = Presence(State.ABSENT)
    assert not presence.join()  # it is not there
    presence.arrive(3.0)
    assert (presence.waits, presence.plays, presence.since) == (True, False, 3.0)
    assert [presence.passes(data, running) for data in CHANNEL] == [False, True, True]
    assert presence.join()
    assert (presence.waits, presence.plays) == (False, True)
    assert presence.passes(ON, running)
    assert not presence.join()  # it plays already


def test_a_device_that_arrives_gets_a_running_clock_when_it_is_in_step(running: Chase) -> None:
    presence = Presence()
    presence.arrive()
    presence.join()
    assert not any(presence.passes(data, running) for data in REAL_TIME)
    assert presence.passes(STOP.data, running)
    presence.in_step = True
    assert all(presence.passes(data, running) for data in REAL_TIME)


def test_a_bar_may_bring_a_device_into_step(running: Chase) -> None:
    presence = Presence(State.ABSENT)
    presence.arrive()
    presence.join(in_step=True)
    assert all(presence.passes(data, running) for data in REAL_TIME)
    presence.play()  # again, which takes nothing away
    assert presence.in_step


def test_a_clock_that_does_not_run_may_be_started_for_a_device_that_waits() -> None:
    presence = Presence()
    presence.arrive()
    assert presence.passes(START.data, Chase())


def test_a_device_that_left_gets_no_notes_and_does_not_join(running: Chase) -> None:
    presence = Presence()
    presence.leave(State.TAKEN_OFF)
    assert (presence.state, presence.plays, presence.waits, presence.in_step) == (State.TAKEN_OFF, False, False, False)
    assert not presence.join()
    assert not presence.passes(ON, running)
