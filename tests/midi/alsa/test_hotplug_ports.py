"""Which ports are played to, while they come and go."""

from __future__ import annotations

import logging

import pytest

from bachd.midi.alsa.hotplug import Subscriptions
from bachd.midi.alsa.sequencer import SequencerPort
from tests.midi.alsa.plugging import NOW, PIANO_AGAIN, RESET, replug, small
from tests.midi.small import PIANO, SYNTH, THROUGH


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_auto_takes_the_first_instrument_and_resets_it() -> None:
    sequencer = small(THROUGH, PIANO, SYNTH)
    synths = Subscriptions(sequencer, [None])
    assert synths.description == "FP-30X MIDI 1"
    assert synths.playing == sequencer.listening == {PIANO.address}
    assert sequencer.sent == [(PIANO.address, RESET)]


def test_auto_waits_for_an_instrument(caplog: pytest.LogCaptureFixture) -> None:
    sequencer = small(THROUGH)
    synths = Subscriptions(sequencer, [None])
    assert synths.description == "waiting for a synth"
    sequencer.plug(SYNTH)
    synths.look((), NOW)
    synths.look((), NOW)
    assert caplog.messages == ["SH-01A MIDI 1 is there: reset, and in from the next bar on"]
    assert synths.description == "SH-01A MIDI 1"


def test_a_synth_that_comes_back_under_another_number_is_known_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    sequencer = small(SYNTH, PIANO)
    synths = Subscriptions(sequencer, [PIANO.name])
    sequencer.unplug(PIANO)
    synths.look({PIANO.address[0]}, NOW)
    assert caplog.messages == ["FP-30X MIDI 1 is gone: the music goes on without it, until it is back"]
    assert synths.description == "waiting for FP-30X MIDI 1"
    sequencer.plug(PIANO_AGAIN)
    synths.look((), NOW)
    assert sequencer.sent[1:] == [(PIANO_AGAIN.address, RESET)]


def test_auto_goes_on_with_another_instrument() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    sequencer.plug(SYNTH)
    synths.look((), NOW)
    assert synths.description == "FP-30X MIDI 1"  # one is enough
    sequencer.unplug(PIANO)
    synths.look({PIANO.address[0]}, NOW)
    assert synths.description == "SH-01A MIDI 1"


def test_several_synths_come_and_go_each_on_its_own() -> None:
    sequencer = small(THROUGH, PIANO, SYNTH)
    synths = Subscriptions(sequencer, [SYNTH.name, PIANO.name])
    sequencer.unplug(PIANO)
    synths.look({PIANO.address[0]}, NOW)
    assert synths.description == "SH-01A MIDI 1, waiting for FP-30X MIDI 1"
    assert sequencer.listening == {SYNTH.address}
    sequencer.plug(PIANO_AGAIN)
    synths.look((), NOW)
    synths.bar(100.2, 100.4)
    synths.join(100.4)
    assert sequencer.listening == {SYNTH.address, PIANO_AGAIN.address}
    assert [address for address, _ in sequencer.sent].count(SYNTH.address) == 1


def test_two_synths_of_one_name_can_both_be_had() -> None:
    twin = SequencerPort((28, 0), SYNTH.name, hardware=True)
    sequencer = small(SYNTH, twin)
    Subscriptions(sequencer, [SYNTH.name, SYNTH.name])
    assert sequencer.listening == {SYNTH.address, twin.address}


def test_what_was_taken_off_by_hand_is_silenced_and_stays_off_until_it_is_plugged_in_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    sequencer.listening.clear()
    for _ in range(2):
        synths.look((), NOW)
    assert caplog.messages == [
        "FP-30X MIDI 1 was taken off port 'bachd' by hand: it stays off until it is plugged in again"
    ]
    assert synths.description == "FP-30X MIDI 1 (taken off by hand)"
    assert sequencer.sent == [(PIANO.address, RESET)] * 2
    synths.bar(100.2, 100.4)
    synths.join(100.4)
    assert sequencer.listening == set()
    replug(sequencer, synths)
    assert synths.waiting


def test_what_was_put_back_by_hand_plays_at_once() -> None:
    sequencer = small(PIANO)
    synths = Subscriptions(sequencer, [None])
    sequencer.listening.clear()
    synths.look((), NOW)
    sequencer.listening.add(PIANO.address)
    synths.look((), NOW)
    assert synths.description == "FP-30X MIDI 1"
    assert synths.playing == {PIANO.address}


def test_a_part_of_a_name_is_waited_for_and_found() -> None:
    sequencer = small(SYNTH)
    synths = Subscriptions(sequencer, ["fp-30"])
    assert synths.missing == ["fp-30"]
    sequencer.plug(PIANO)
    synths.look((), NOW)
    assert synths.missing == []
    assert synths.description == "FP-30X MIDI 1"


def test_a_synth_that_refuses_is_tried_again() -> None:
    sequencer = small(PIANO)
    sequencer.refusing.add(PIANO.address)
    synths = Subscriptions(sequencer, [None])
    assert synths.description == "waiting for a synth"
    sequencer.refusing.clear()
    synths.look((), NOW)
    assert synths.waiting


def test_a_synth_that_plays_already_is_not_reset() -> None:
    sequencer = small(PIANO, SYNTH)
    Subscriptions(sequencer, [PIANO.name, SYNTH.name], sounding={PIANO.address})
    assert sequencer.listening == {PIANO.address, SYNTH.address}
    assert sequencer.sent == [(SYNTH.address, RESET)]


def test_the_second_of_two_is_found_again_after_it_was_pulled() -> None:
    twin = SequencerPort((28, 0), SYNTH.name, hardware=True)
    sequencer = small(SYNTH, twin)
    synths = Subscriptions(sequencer, ["SH-01A#2"])
    assert synths.description == "SH-01A MIDI 1#2"
    sequencer.unplug(twin)
    synths.look({twin.address[0]}, NOW)
    assert synths.description == "waiting for SH-01A MIDI 1#2"
    sequencer.plug(twin)
    synths.look((), NOW)
    synths.bar(100.2, 100.4)
    synths.join(100.4)
    assert sequencer.listening == {twin.address}


def test_a_synth_told_by_its_socket_is_no_other_one() -> None:
    first, second = (SequencerPort((20 + 4 * n, 0), "Boutique", hardware=True, path=f"1-{n}") for n in (1, 2))
    sequencer = small(first)
    synths = Subscriptions(sequencer, ["Boutique@1-2"])
    assert synths.description == "waiting for Boutique@1-2"
    sequencer.plug(second)
    synths.look((), NOW)
    assert synths.description == "Boutique@1-2"
    synths.bar(100.2, 100.4)
    synths.join(100.4)
    assert sequencer.listening == {second.address}
