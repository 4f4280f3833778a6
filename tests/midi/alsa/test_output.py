"""The kernel's part is tried in a virtual machine with a real sequencer; here a small one stands for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from mido import Message, MetaMessage

from bachd.errors import OutputError
from bachd.midi.alsa.output import AlsaOutput
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from tests.conftest import PATIENCE
from tests.midi.small import PIANO, SYNTH, SmallSequencer, SteppedClock

Play = Callable[..., AlsaOutput]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def play(clock: SteppedClock) -> Iterator[Play]:
    """Opens outputs with `play(sequencer, *wanted)`, and closes them in the end."""
    outputs: list[AlsaOutput] = []

    def play(sequencer: SmallSequencer, *wanted: str | None, lateness: Lateness | None = None) -> AlsaOutput:
        outputs.append(AlsaOutput(sequencer, wanted, clock, lateness or Lateness()))
        return outputs[-1]

    yield play
    for output in outputs:
        output.close()


class Ear(logging.Handler):
    """Hears what the thread that listens says."""

    def __init__(self) -> None:
        super().__init__()
        self.said = threading.Semaphore(0)

    def emit(self, record: logging.LogRecord) -> None:
        self.said.release()

    def wait(self) -> None:
        assert self.said.acquire(timeout=PATIENCE)


@pytest.fixture
def ear(caplog: pytest.LogCaptureFixture) -> Iterator[Ear]:
    log, ear = logging.getLogger(), Ear()  # behind the handler of caplog
    caplog.set_level(logging.INFO, "bachd")
    log.addHandler(ear)
    yield ear
    log.removeHandler(ear)


def note(due: float, number: int) -> TimedMessage:
    return TimedMessage(due, 0, Message("note_on", note=number))


def test_what_the_kernel_announces_is_seen_to_without_being_asked(
    play: Play, clock: SteppedClock, ear: Ear, caplog: pytest.LogCaptureFixture
) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer, None)
    assert output.description == "waiting for a synth"
    sequencer.plug(SYNTH)
    ear.wait()
    assert output.description == "SH-01A MIDI 1"
    sequencer.unplug(SYNTH)
    ear.wait()
    assert output.description == "waiting for a synth"
    assert [line.split(":")[0] for line in caplog.messages] == ["SH-01A MIDI 1 is there", "SH-01A MIDI 1 is gone"]
    assert output.poll() == ()


def test_what_is_not_announced_is_seen_when_it_is_polled(play: Play, clock: SteppedClock, ear: Ear) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer, None)
    sequencer.here.append(SYNTH)  # a computer comes to the port at which this machine is the instrument
    assert output.poll() == ()
    assert output.description == "waiting for a synth"
    sequencer.stale = True
    assert output.poll() == ()
    ear.wait()
    assert output.description == "SH-01A MIDI 1"


def test_a_synth_that_comes_joins_between_the_last_message_and_the_bar(
    play: Play, clock: SteppedClock, ear: Ear
) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer, None)
    sequencer.plug(PIANO)
    ear.wait()
    output.send([note(100.1, 60)])
    output.bar(100.5)
    assert sequencer.listening == set()
    clock.time = 100.31
    sequencer.wake()
    assert sequencer.joined.acquire(timeout=PATIENCE)
    assert sequencer.listening == {PIANO.address}


def test_a_synth_that_comes_after_a_bar_was_announced_waits_for_the_next(
    play: Play, clock: SteppedClock, ear: Ear
) -> None:
    """Whoever stands in for it has taken that bar by then."""
    sequencer = SmallSequencer(clock)
    output = play(sequencer, None)
    output.bar(clock.time + 1)
    assert not output.taken
    clock.time += 0.1
    sequencer.plug(SYNTH)
    ear.wait()
    assert output.taken
    clock.time += 0.6
    sequencer.wake()
    assert not sequencer.joined.acquire(timeout=0.2)
    output.bar(clock.time + 1)
    clock.time += 0.6
    sequencer.wake()
    assert sequencer.joined.acquire(timeout=PATIENCE)
    assert output.taken


def test_what_is_connected_by_hand_takes_the_port(play: Play, clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, SYNTH)
    output = play(sequencer)
    assert not output.taken
    sequencer.listening.add(SYNTH.address)
    sequencer.wake()
    sequencer.plug(PIANO)
    end = time.monotonic() + PATIENCE
    while not output.taken:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_name_that_is_not_there_is_told_or_waited_for(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock, PIANO)
    sequencer.refusing.add(PIANO.address)
    with pytest.raises(OutputError, match="FP-30X MIDI 1: cannot be subscribed"):
        AlsaOutput(sequencer, [PIANO.name], clock, Lateness())
    output = AlsaOutput(sequencer, [PIANO.name], clock, Lateness(), awaiting=True)
    assert output.description == "waiting for FP-30X MIDI 1"
    output.close()


def test_several_synths_share_the_port(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock, PIANO, SYNTH)
    output = play(sequencer, SYNTH.name, None)
    assert output.description == "SH-01A MIDI 1, FP-30X MIDI 1"
    assert output.sounding == {PIANO.address, SYNTH.address}
    output.send([note(100.1, 60)])
    assert len(sequencer.queued) == 1


def test_a_bug_in_the_thread_that_listens_does_not_stay_there(
    play: Play, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequencer = SmallSequencer(clock)
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise RuntimeError("a bug")

    output = play(sequencer, None)
    monkeypatch.setattr(sequencer, "ports", fail)
    sequencer.plug(PIANO)
    assert failed.wait(PATIENCE)
    output.close()
    with pytest.raises(RuntimeError, match="a bug"):
        output.poll()


def test_deadlines_become_times_of_the_queue(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    output.send([TimedMessage(100.1, 0, MetaMessage("marker", text="bwv269")), note(100.1, 60), note(100.5, 64)])
    assert [moment for moment, _ in sequencer.queued] == pytest.approx([70.1, 70.5])
    assert [data.hex() for _, data in sequencer.queued] == ["903c40", "904040"]


def test_a_queue_whose_clock_jumps_ahead_is_followed(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    sequencer.ahead += 0.012
    output.send([note(100.1, 60)])
    assert sequencer.queued[0][0] == pytest.approx(70.112)


def test_a_glance_at_the_clocks_that_was_held_up_counts_for_nothing(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    clock.look = 0.005
    output.send([note(100.1, 60)])
    assert sequencer.queued[0][0] == pytest.approx(70.1)


def test_what_is_sent_later_is_never_queued_earlier(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    output.send([note(100.1, 60)])
    sequencer.ahead -= 0.001
    output.send([note(100.1, 62)])
    times = [moment for moment, _ in sequencer.queued]
    assert times == sorted(times)


def test_what_is_retracted_leaves_the_queue_and_other_notes_may_follow(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    output.send([note(100.1, 60)])
    output.send([note(100.2, 62)])
    output.retract(100.1)
    output.send([TimedMessage(100.15, 0, Message("note_off", note=60))])
    assert [(round(moment, 3), data.hex()) for moment, data in sequencer.queued] == [
        (70.1, "903c40"),
        (70.15, "803c40"),
    ]


def test_a_note_that_may_have_begun_is_ended_when_it_is_retracted(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    output.send([note(100.001, 60), note(100.1, 62)])
    sequencer.queued.clear()  # the kernel was ahead
    output.retract(100.0)
    assert [data.hex() for _, data in sequencer.queued] == ["803c00"]


def test_a_clock_is_a_stream_of_its_own(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    output.send([TimedMessage(100.5, 0, Message("clock"))])
    output.send([note(100.1, 60)])
    assert [moment for moment, _ in sequencer.queued] == pytest.approx([70.5, 70.1])


def test_the_ends_of_notes_come_before_their_beginnings(clock: SteppedClock, play: Play) -> None:
    sequencer = SmallSequencer(clock)
    output = play(sequencer)
    output.send([note(100.1, 60), TimedMessage(100.1, 0, Message("note_off", note=60))])
    assert [data.hex() for _, data in sequencer.queued] == ["803c40", "903c40"]


def test_lateness_counts_from_the_deadline_to_the_handing_over(clock: SteppedClock, play: Play) -> None:
    lateness = Lateness()
    output = play(SmallSequencer(clock), lateness=lateness)
    output.send([note(100.1, 60)])
    assert lateness.take().max == 0.0
    output.send([note(99.9, 60)])
    assert lateness.take().max == pytest.approx(0.1)


def test_closing_closes_the_sequencer(clock: SteppedClock) -> None:
    sequencer = SmallSequencer(clock)
    AlsaOutput(sequencer, [], clock, Lateness()).close()
    assert sequencer.closed
