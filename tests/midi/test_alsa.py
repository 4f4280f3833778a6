"""The kernel's part is tried in a virtual machine with a real sequencer; here a small one stands for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from mido import Message, MetaMessage

from bachd.errors import OutputError
from bachd.midi.alsa import AlsaOutput
from bachd.midi.reset import reset
from bachd.midi.sequencer import Address, SequencerPort
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage

THROUGH = SequencerPort((14, 0), "Midi Through Port-0", hardware=False)
PIANO = SequencerPort((20, 0), "FP-30X MIDI 1", hardware=True)
SYNTH = SequencerPort((24, 0), "SH-01A MIDI 1", hardware=True)


class SteppedClock:
    """Shows a time until it is set; each look at it may take some."""

    def __init__(self) -> None:
        self.time = 100.0
        self.look = 0.0

    def now(self) -> float:
        self.time += self.look
        return self.time

    async def sleep_until(self, moment: float) -> None:
        raise AssertionError("an output does not wait")


class SmallSequencer:
    """Ports come and go; a subscription goes with its port. Its clock started 30 seconds after the other."""

    def __init__(self, clock: SteppedClock, *ports: SequencerPort) -> None:
        self._clock = clock
        self.ahead = -30.0
        self.here = list(ports)
        self.refusing: set[Address] = set()
        self.listening: set[Address] = set()
        self.queued: list[tuple[float, bytes]] = []
        self.sent: list[tuple[Address, int]] = []
        self.closed = False

    def now(self) -> float:
        return self._clock.time + self.ahead

    def ports(self) -> list[SequencerPort]:
        return list(self.here)

    def subscribed(self) -> set[Address]:
        return set(self.listening)

    def subscribe(self, address: Address) -> bool:
        if address in self.refusing:
            return False
        self.listening.add(address)
        return True

    def schedule(self, messages: Sequence[tuple[float, bytes]]) -> None:
        self.queued += messages

    def send_now(self, address: Address, messages: Sequence[bytes]) -> None:
        self.sent.append((address, len(messages)))

    def close(self) -> None:
        self.closed = True

    def plug(self, port: SequencerPort) -> None:
        self.here.append(port)

    def unplug(self, port: SequencerPort) -> None:
        self.here.remove(port)
        self.listening.discard(port.address)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


def note(due: float, number: int) -> TimedMessage:
    return TimedMessage(due, 0, Message("note_on", note=number))


def test_auto_takes_the_first_instrument_and_resets_it(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, THROUGH, PIANO, SYNTH)
    output = AlsaOutput(sequencer, [None], clock, Lateness())
    assert output.description == "FP-30X MIDI 1"
    assert sequencer.listening == {PIANO.address}
    assert sequencer.sent == [(PIANO.address, len(reset()))]


def test_auto_waits_for_an_instrument(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, THROUGH)
    output = AlsaOutput(sequencer, [None], clock, Lateness())
    assert output.description == "waiting for a synth"
    assert output.poll() == []
    sequencer.plug(SYNTH)
    assert output.poll() == ["SH-01A MIDI 1 is there: subscribed to port 'bachd', and reset"]
    assert output.poll() == []


def test_a_synth_that_comes_back_under_another_number_is_known_by_its_name(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, SYNTH, PIANO)
    output = AlsaOutput(sequencer, [PIANO.name], clock, Lateness())
    sequencer.unplug(PIANO)
    assert output.poll() == ["FP-30X MIDI 1 is gone: the music goes on without it, until it is back"]
    assert output.description == "waiting for FP-30X MIDI 1"
    output.send([note(100.1, 60)])
    sequencer.plug(SequencerPort((28, 0), PIANO.name, hardware=True))
    assert output.poll() == ["FP-30X MIDI 1 is there: subscribed to port 'bachd', and reset"]
    assert sequencer.listening == {(28, 0)}
    assert sequencer.sent[-1] == ((28, 0), len(reset()))


def test_a_synth_pulled_and_plugged_between_two_looks_is_subscribed_again(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, PIANO)
    output = AlsaOutput(sequencer, [None], clock, Lateness())
    sequencer.unplug(PIANO)
    sequencer.plug(PIANO)
    assert [line.split(":")[0] for line in output.poll()] == ["FP-30X MIDI 1 is gone", "FP-30X MIDI 1 is there"]
    assert sequencer.listening == {PIANO.address}


def test_auto_goes_on_with_another_instrument(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, PIANO)
    output = AlsaOutput(sequencer, [None], clock, Lateness())
    sequencer.unplug(PIANO)
    sequencer.plug(SYNTH)
    assert len(output.poll()) == 2
    assert output.description == "SH-01A MIDI 1"


def test_several_synths_share_the_port(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, THROUGH, PIANO, SYNTH)
    output = AlsaOutput(sequencer, [SYNTH.name, None], clock, Lateness())
    assert output.description == "SH-01A MIDI 1, FP-30X MIDI 1"
    output.send([note(100.1, 60)])
    assert len(sequencer.queued) == 1


def test_two_synths_of_one_name_can_both_be_had(clock: SteppedClock) -> None:
    twin = SequencerPort((28, 0), SYNTH.name, hardware=True)
    sequencer = SmallSequencer(clock, SYNTH, twin)
    AlsaOutput(sequencer, [SYNTH.name, SYNTH.name], clock, Lateness())
    assert sequencer.listening == {SYNTH.address, twin.address}


def test_a_port_for_others_subscribes_nobody(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, PIANO)
    output = AlsaOutput(sequencer, [], clock, Lateness())
    assert output.description == "port 'bachd'"
    assert not sequencer.listening


def test_a_port_that_refuses_is_told(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, PIANO)
    sequencer.refusing.add(PIANO.address)
    with pytest.raises(OutputError, match="FP-30X MIDI 1: cannot be subscribed"):
        AlsaOutput(sequencer, [PIANO.name], clock, Lateness())


def test_deadlines_become_times_of_the_queue(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock)
    output = AlsaOutput(sequencer, [], clock, Lateness())
    output.send([TimedMessage(100.1, 0, MetaMessage("marker", text="bwv269")), note(100.1, 60), note(100.5, 64)])
    assert [moment for moment, _ in sequencer.queued] == pytest.approx([70.1, 70.5])
    assert [data.hex() for _, data in sequencer.queued] == ["903c40", "904040"]


def test_a_queue_whose_clock_jumps_ahead_is_followed(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock)
    output = AlsaOutput(sequencer, [], clock, Lateness())
    sequencer.ahead += 0.012
    output.send([note(100.1, 60)])
    assert sequencer.queued[0][0] == pytest.approx(70.112)


def test_a_glance_at_the_clocks_that_was_held_up_counts_for_nothing(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock)
    output = AlsaOutput(sequencer, [], clock, Lateness())
    clock.look = 0.005
    output.send([note(100.1, 60)])
    assert sequencer.queued[0][0] == pytest.approx(70.1)


def test_what_is_sent_later_is_never_queued_earlier(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock)
    output = AlsaOutput(sequencer, [], clock, Lateness())
    output.send([note(100.1, 60)])
    sequencer.ahead -= 0.001
    output.send([note(100.1, 62)])
    times = [moment for moment, _ in sequencer.queued]
    assert times == sorted(times)


def test_lateness_counts_from_the_deadline_to_the_handing_over(clock: SteppedClock) -> None:
    lateness = Lateness()
    output = AlsaOutput(SmallSequencer(clock), [], clock, lateness)
    output.send([note(100.1, 60)])
    assert lateness.take().max == 0.0
    output.send([note(99.9, 60)])
    assert lateness.take().max == pytest.approx(0.1)


def test_closing_closes_the_sequencer(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock)
    AlsaOutput(sequencer, [], clock, Lateness()).close()
    assert sequencer.closed
