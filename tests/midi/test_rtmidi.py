"""What plays through python-rtmidi. CoreMIDI is not here: JACK stands in its place, and rtmidi is the same for both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import pytest
from mido import Message, MetaMessage

from bachd.errors import OutputError
from bachd.midi import rtmidi
from bachd.midi.reset import reset
from bachd.midi.rtmidi import RtMidiOutput, destinations
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from tests.conftest import PATIENCE, Synth

PlugSynth = Callable[..., Synth]

RESET = [message.hex("").lower() for message in reset()]


@pytest.fixture(autouse=True)
def _coremidi_is_jack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rtmidi._APIS, "coremidi", "API_UNIX_JACK")


@contextmanager
def playing(destination: str | None, lateness: Lateness | None = None) -> Iterator[RtMidiOutput]:
    output = RtMidiOutput("coremidi", destination, MonotonicClock(), lateness or Lateness())
    try:
        yield output
    finally:
        output.close()


def send(output: RtMidiOutput, *messages: Message, wait: float = 0.0) -> list[str]:
    """Send for one moment, some seconds from now; the messages as a synth writes them down."""
    due = MonotonicClock().now() + wait
    output.send([TimedMessage(due, 0, message) for message in messages])
    return [message.hex("").lower() for message in messages]


def news(output: RtMidiOutput) -> list[str]:
    """What `poll` tells, as soon as it tells anything: JACK takes its time to see that somebody is gone."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if lines := list(output.poll()):
            return lines
    return []


def note(number: int) -> Message:
    return Message("note_on", note=number)


def test_no_message_is_lost_or_out_of_order_in_two_thousand_events(plug_synth: PlugSynth) -> None:
    lateness = Lateness()
    with playing(None, lateness) as output:
        synth = plug_synth("synth", "bachd:bachd")
        start = MonotonicClock().now() + 0.1
        sent = []
        for event in range(2000):
            channel, low = event % 16, 36 + event % 40
            messages = [Message("note_off", channel=(event - 1) % 16, note=low + 5 * i - 1) for i in range(4)]
            messages += [Message("note_on", channel=channel, note=low + 5 * i) for i in range(4)]
            output.send([TimedMessage(start + 0.0015 * event, event, message) for message in messages])
            sent += [message.hex("").lower() for message in messages]
        heard = synth.hear(len(sent))
    assert heard == sent
    assert lateness.overall().count == len(sent)


def test_closing_delivers_what_was_sent_each_at_its_moment(plug_synth: PlugSynth) -> None:
    lateness = Lateness()
    with playing(None, lateness) as output:
        synth = plug_synth("synth", "bachd:bachd")
        sent = [send(output, note(60), wait=0.05), send(output, note(62), note(64), wait=0.1)]
    assert synth.unplug() == list(chain(*sent))
    assert lateness.overall().count == 3


def test_what_is_retracted_is_not_heard(plug_synth: PlugSynth) -> None:
    with playing(None) as output:
        synth = plug_synth("synth", "bachd:bachd")
        send(output, note(60), wait=3600.0)
        output.retract(MonotonicClock().now())
        sent = send(output, note(62))
    assert synth.unplug() == sent


def test_a_destination_is_reset_when_it_is_connected(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        assert output.description == "synth:in"
        sent = send(output, note(60))
        assert synth.hear(len(RESET) + 1) == RESET + sent


def test_meta_messages_stay_here(plug_synth: PlugSynth) -> None:
    lateness = Lateness()
    with playing(None, lateness) as output:
        synth = plug_synth("synth", "bachd:bachd")
        output.send([TimedMessage(0.0, 0, MetaMessage("marker", text="bwv269"))])
        sent = send(output, note(60))
    assert synth.unplug() == sent
    assert lateness.overall().count == 1


def test_a_synth_that_was_switched_off_and_on_is_played_to_again(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        assert output.poll() == []
        synth.unplug()
        assert news(output) == ["synth:in is gone: the music goes on without it, until it is back"]
        assert output.description == "waiting for synth:in"
        assert output.poll() == []
        send(output, note(60))
        synth = plug_synth("synth")
        assert news(output) == ["synth:in is there: reset, and in from the next bar on"]
        assert output.description == "synth:in"
        send(output, note(61))
        ended = send(output, Message("note_off", note=61))
        output.bar(MonotonicClock().now())
        sent = send(output, note(62))
        assert synth.hear(len(RESET) + 2) == RESET + ended + sent


def test_destinations_are_listed_by_name(plug_synth: PlugSynth) -> None:
    assert destinations("coremidi") == []
    plug_synth("a synth")
    assert destinations("coremidi") == ["a synth:in"]


@pytest.mark.usefixtures("jack")
def test_a_destination_that_is_not_there_is_told() -> None:
    with pytest.raises(OutputError, match="synth:in: is no longer there"):
        RtMidiOutput("coremidi", "synth:in", MonotonicClock(), Lateness())


@pytest.mark.usefixtures("no_midi")
def test_without_a_sequencer_there_is_one_line_and_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rtmidi")
    with pytest.raises(OutputError, match="ALSA: there is no "):
        destinations("alsa")
    assert capfd.readouterr() == ("", "")
