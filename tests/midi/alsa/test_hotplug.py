from __future__ import annotations

import math

import pytest

from bachd.midi.alsa.hotplug import Subscriptions
from bachd.music.message import CLOCK
from tests.midi.alsa.plugging import NOW, PIANO_AGAIN, RESET, Chased, chased, replug, sent_to, small
from tests.midi.small import PIANO, SYNTH


def test_whoever_comes_back_hears_nothing_until_the_next_bar() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    synths.bar(98.0, 99.0)
    replug(sequencer, synths)
    assert synths.waiting
    assert synths.joining == math.inf
    synths.join(NOW)
    assert sequencer.listening == set()
    synths.bar(100.2, 100.4)
    assert synths.joining == pytest.approx(100.3)
    synths.join(100.29)
    assert sequencer.listening == set()
    synths.join(100.31)
    synths.send_position(100.31)
    assert sequencer.listening == {PIANO_AGAIN.address}
    assert sequencer.sent[1:] == [(PIANO_AGAIN.address, RESET)]
    assert not synths.waiting


def test_whoever_comes_back_just_before_a_bar_line_joins_there() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    synths.bar(99.9, 100.1)
    replug(sequencer, synths, 100.05)
    assert synths.joining <= 100.05


def test_whoever_comes_back_just_after_a_bar_line_waits_for_the_next() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    synths.bar(99.9, 100.1)
    replug(sequencer, synths, 100.2)
    synths.join(100.2)
    assert sequencer.listening == set()


def test_the_bar_is_joined_even_if_the_machine_is_late() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    replug(sequencer, synths)
    synths.bar(100.2, 100.4)
    synths.join(100.5)
    assert sequencer.listening == {PIANO_AGAIN.address}


def test_a_synth_pulled_and_plugged_between_two_looks_is_reset_and_joins_again() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    sequencer.unplug(PIANO)
    sequencer.plug(PIANO)
    synths.look({PIANO.address[0]}, NOW)
    assert synths.waiting
    assert sequencer.sent == [(PIANO.address, RESET)] * 2


def test_a_synth_that_goes_while_it_waits_is_waited_for() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    replug(sequencer, synths)
    sequencer.unplug(PIANO_AGAIN)
    synths.look({PIANO_AGAIN.address[0]}, NOW)
    assert synths.description == "waiting for a synth"
    synths.bar(100.2, 100.4)
    synths.join(100.4)
    assert sequencer.listening == set()


def begin_bar(synths: Chased, now: float = NOW + 0.2) -> None:
    """A bar begins at NOW + 0.4; the thread that looks after the synths looks at `now`."""
    synths.bar(NOW + 0.2, NOW + 0.4, synths.chase.resume())
    for moment in (now, max(now, NOW + 0.35)):
        synths.join(moment)
        synths.send_position(moment)


def begin_bar_after(synths: Chased) -> None:
    """96 clocks have been sent since NOW + 0.4, and a bar begins."""
    for number in range(96):
        synths.chase.see(NOW + 0.4 + 0.02 * number, CLOCK.data)
    synths.bar(NOW + 2.2, NOW + 2.32, synths.chase.resume())
    synths.join(NOW + 2.27)
    synths.send_position(NOW + 2.27)


def test_whoever_comes_back_is_sent_bank_and_program_after_the_reset() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, state="b00057 b02040 c013 c130")
    replug(sequencer, synths)
    assert sequencer.sent[-1] == (PIANO_AGAIN.address, RESET + 4)
    assert sent_to(sequencer, PIANO_AGAIN) == ["b00057", "b02040", "c013", "c130"]
    begin_bar(synths)
    assert sent_to(sequencer, PIANO_AGAIN) == ["b00057", "b02040", "c013", "c130"]


def test_a_program_that_is_changed_while_a_synth_waits_is_sent_when_it_joins() -> None:
    sequencer = small()
    synths = chased(sequencer, state="c013")
    sequencer.plug(PIANO)
    synths.look((), NOW)
    synths.chase.see(NOW, bytes.fromhex("c014"))
    begin_bar(synths)
    assert sent_to(sequencer, PIANO) == ["c013", "c014"]


def test_each_of_several_synths_is_sent_what_it_has_missed() -> None:
    sequencer = small(SYNTH)
    synths = chased(sequencer, SYNTH.name, PIANO.name, state="c013", clocks=96)
    sequencer.plug(PIANO)
    synths.look((), NOW)
    begin_bar(synths)
    assert sent_to(sequencer, SYNTH) == []
    assert sent_to(sequencer, PIANO) == ["c013"]
    assert {address for address, _, _ in sequencer.directed} == {PIANO.address}


def test_whoever_comes_back_is_put_in_step_with_the_clock_before_the_bar() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, clocks=96)
    replug(sequencer, synths)
    assert sequencer.directed == []
    begin_bar(synths)
    assert [(address, data.hex()) for address, _, data in sequencer.directed] == [
        (PIANO_AGAIN.address, "f21000"),
        (PIANO_AGAIN.address, "fb"),
    ]
    last, bar = NOW + 0.38, NOW + 0.4
    assert all(last < moment - sequencer.ahead < bar for _, moment, _ in sequencer.directed)
    sequencer.directed.clear()
    begin_bar(synths)
    assert sequencer.directed == []


@pytest.mark.parametrize("late", [0.3895, 0.395, 0.5])
def test_who_cannot_be_put_in_step_with_the_clock_in_time_waits_for_the_next_bar(late: float) -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, clocks=96)
    replug(sequencer, synths)
    begin_bar(synths, NOW + late)
    assert sequencer.listening == set()
    assert sequencer.directed == []
    assert synths.waiting
    assert synths.joining == math.inf
    begin_bar_after(synths)
    assert sequencer.listening == {PIANO_AGAIN.address}
    assert [data.hex() for _, _, data in sequencer.directed] == ["f22000", "fb"]


def test_who_was_too_long_in_joining_joins_at_the_next_bar() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, clocks=96)
    replug(sequencer, synths)
    synths.bar(NOW + 0.2, NOW + 0.4, synths.chase.resume())
    synths.join(NOW + 0.35)
    assert sequencer.listening == {PIANO_AGAIN.address}
    synths.send_position(NOW + 0.395)
    assert sequencer.listening == set()
    assert sequencer.sent[-1] == (PIANO_AGAIN.address, RESET)
    assert sequencer.directed == []
    assert synths.waiting
    synths.look((), NOW + 0.4)
    assert synths.waiting
    begin_bar_after(synths)
    assert sequencer.listening == {PIANO_AGAIN.address}
    assert [data.hex() for _, _, data in sequencer.directed] == ["f22000", "fb"]


def test_what_was_put_on_by_hand_too_late_for_a_position_gets_it_at_the_next_bar() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, clocks=96)
    sequencer.plug(SYNTH)
    sequencer.listening.add(SYNTH.address)
    synths.look((), NOW)
    begin_bar(synths, NOW + 0.5)
    assert sequencer.directed == []
    assert synths.waiting
    begin_bar_after(synths)
    assert [data.hex() for _, _, data in sequencer.directed] == ["f22000", "fb"]


def test_a_start_that_is_on_its_way_is_not_sent_twice() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, clocks=0)
    replug(sequencer, synths)
    begin_bar(synths)
    assert sequencer.listening == {PIANO_AGAIN.address}
    assert sequencer.directed == []
    assert not synths.waiting


def test_a_bar_without_a_clock_needs_no_position() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer)
    replug(sequencer, synths)
    begin_bar(synths)
    assert not synths.waiting
    assert sequencer.directed == []


def test_a_program_that_somebody_connects_by_hand_is_sent_the_state_without_a_reset() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, state="c013", clocks=96)
    sequencer.plug(SYNTH)
    sequencer.listening.add(SYNTH.address)
    synths.look((), NOW)
    assert sequencer.sent[-1] == (SYNTH.address, 1)
    assert sent_to(sequencer, SYNTH) == ["c013"]
    begin_bar(synths)
    assert [(address, data.hex()) for address, _, data in sequencer.directed] == [
        (SYNTH.address, "f21000"),
        (SYNTH.address, "fb"),
    ]


def test_a_position_whose_bar_is_taken_back_is_not_sent() -> None:
    sequencer = small(PIANO)
    synths = chased(sequencer, clocks=96)
    replug(sequencer, synths)
    synths.bar(NOW + 0.2, NOW + 0.4, synths.chase.resume())
    synths.halt()
    synths.join(NOW + 0.35)
    synths.send_position(NOW + 0.35)
    assert sequencer.listening == {PIANO_AGAIN.address}
    assert sequencer.directed == []
    assert not synths.waiting
