"""What holds for both ways of playing through a MIDI system: JACK's cycles, by a process of ours, and python-rtmidi.

rtmidi serves CoreMIDI, which is not here: JACK stands in its place, and rtmidi is the same for both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

import pytest
from mido import Message, MetaMessage

from bachd.errors import OutputError
from bachd.midi.jack.output import JackOutput
from bachd.midi.rtmidi import port as rtmidi_port
from bachd.midi.rtmidi.output import RtMidiOutput
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output, TimedMessage
from tests.conftest import JackServer
from tests.midi.jack import jackport
from tests.midi.jack.jackport import JOINING, RESET, PlugSynth, control, news, note, send

Playing: TypeAlias = Callable[..., AbstractContextManager[Output]]


@pytest.fixture(params=[JackOutput, partial(RtMidiOutput, "coremidi")], ids=["cycles", "rtmidi"])
def playing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Playing:
    monkeypatch.setitem(rtmidi_port._APIS, "coremidi", "API_UNIX_JACK")
    close = rtmidi_port.Connection.close

    def close_later(connection: rtmidi_port.Connection) -> None:
        time.sleep(0.3)  # JACK forgets with a port what it has not passed on yet, which RtMidi does not wait for
        close(connection)

    monkeypatch.setattr(rtmidi_port.Connection, "close", close_later)
    opening: Any = request.param
    return partial(jackport.playing, opening)


@pytest.mark.realtime
def test_no_message_is_lost_or_out_of_order_in_two_thousand_events(playing: Playing, plug_synth: PlugSynth) -> None:
    lateness = Lateness()
    with playing(None, lateness) as output:
        synth = plug_synth("synth", "bachd:bachd")
        start = MonotonicClock().now() + 0.1
        sent = []
        ends: list[Message] = []
        for event in range(2001):
            chord = [(event % 16, 36 + event % 40 + 5 * voice) for voice in range(4)] if event < 2000 else []
            messages = ends + [Message("note_on", channel=channel, note=number) for channel, number in chord]
            ends = [Message("note_off", channel=channel, note=number) for channel, number in chord]
            output.send([TimedMessage(start + 0.0015 * event, event, message) for message in messages])
            sent += [message.hex("").lower() for message in messages]
        heard = synth.hear(len(sent))
    assert heard == sent
    assert lateness.overall().count == len(sent)


def test_closing_delivers_what_was_sent_each_at_its_moment(playing: Playing, plug_synth: PlugSynth) -> None:
    lateness = Lateness()
    with playing(None, lateness) as output:
        synth = plug_synth("synth", "bachd:bachd")
        sent = [send(output, control(60), wait=0.05), send(output, control(62), control(64), wait=0.1)]
    assert synth.unplug() == list(chain(*sent))
    assert lateness.overall().count == 3


def test_what_is_retracted_is_not_heard(playing: Playing, plug_synth: PlugSynth) -> None:
    with playing(None) as output:
        synth = plug_synth("synth", "bachd:bachd")
        send(output, note(60), wait=3600.0)
        output.retract(MonotonicClock().now())
        sent = send(output, control(62))
    assert synth.unplug() == sent


def test_a_destination_is_reset_when_it_is_connected(playing: Playing, plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        assert output.description == "synth:in"
        sent = send(output, note(60))
        assert synth.hear(len(RESET) + 1) == RESET + sent


def test_meta_messages_stay_here(playing: Playing, plug_synth: PlugSynth) -> None:
    lateness = Lateness()
    with playing(None, lateness) as output:
        synth = plug_synth("synth", "bachd:bachd")
        output.send([TimedMessage(0.0, 0, MetaMessage("marker", text="bwv269"))])
        sent = send(output, control(60))
    assert synth.unplug() == sent
    assert lateness.overall().count == 1


def test_a_synth_that_was_switched_off_and_on_is_played_to_again(playing: Playing, plug_synth: PlugSynth) -> None:
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
        sent = send(output, note(62), wait=JOINING)
        assert synth.hear(len(RESET) + 2) == RESET + ended + sent


def test_a_synth_that_comes_back_is_sent_the_programs_and_the_clocks_position(
    playing: Playing, plug_synth: PlugSynth
) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        send(output, Message("control_change", control=0, value=87), Message("program_change", program=19), START)
        for _ in range(95):
            send(output, CLOCK)
        synth.unplug()
        assert news(output) == ["synth:in is gone: the music goes on without it, until it is back"]
        send(output, Message("program_change", channel=1, program=48))
        synth = plug_synth("synth")
        assert news(output) == ["synth:in is there: reset, and in from the next bar on"]
        assert synth.hear(len(RESET) + 3) == [*RESET, "b00057", "c013", "c130"]
        send(output, CLOCK)
        output.bar(MonotonicClock().now())
        sent = send(output, note(60))
        clocks = send(output, CLOCK)
        heard = synth.hear(4)
    assert sorted(heard) == sorted(["f21000", "fb", *sent, *clocks])
    assert [data for data in heard if data[0] == "f"] == ["f21000", "fb", "f8"]


def test_a_destination_that_is_not_there_is_told(playing: Playing, jack: JackServer) -> None:
    with pytest.raises(OutputError, match="synth:in: is no longer there"), playing("synth:in"):
        pass


CLOCK, START = Message("clock"), Message("start")
