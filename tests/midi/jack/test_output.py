"""What only the process that plays in JACK's cycles does."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import pytest
from mido import Message

from bachd.midi.jack.output import JackOutput, destinations
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.output import TimedMessage
from tests.conftest import JackServer
from tests.midi.jack import jackport
from tests.midi.jack.jackport import JOINING, RESET, PlugSynth, control, news, note, send

playing = partial(jackport.playing, JackOutput)


def test_a_process_that_is_killed_is_started_again(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        assert synth.hear(len(RESET)) == RESET
        assert output._child is not None
        output._child._process.kill()
        assert news(output) == ["JACK is gone: the music goes on without it, until it is back"]
        assert news(output) == ["JACK is back: synth:in"]
        output.bar(MonotonicClock().now())
        sent = send(output, note(60), wait=JOINING)
        assert synth.hear(len(RESET) + 1) == RESET + sent


def test_what_is_due_between_two_frames_is_in_order(plug_synth: PlugSynth) -> None:
    with playing(None) as output:
        synth = plug_synth("synth", "bachd:bachd")
        due = MonotonicClock().now() + 0.1
        messages = [TimedMessage(due + 1e-6 * number, 0, note(30 + number)) for number in range(64)]
        output.send(messages)
        assert synth.hear(64) == [bytes(timed.message.bytes()).hex() for timed in messages]


def test_what_sounds_is_ended_when_nobody_hands_over_any_more(plug_synth: PlugSynth) -> None:
    with playing(None) as output:
        synth = plug_synth("synth", "bachd:bachd")
        send(output, note(60), note(64))
        send(output, Message("note_off", note=60))
        send(output, note(67), wait=0.1)
    assert synth.unplug() == ["903c40", "904040", "803c40", "904340", "804000", "804300"]


@pytest.mark.realtime
def test_more_than_a_cycle_holds_is_heard_in_order(plug_synth: PlugSynth) -> None:
    with playing(None) as output:
        synth = plug_synth("synth", "bachd:bachd")
        due = MonotonicClock().now() + 0.1
        messages = [TimedMessage(due + 1e-7 * number, 0, control(number % 128)) for number in range(20_000)]
        output.send(messages)
        assert synth.hear(20_000) == [bytes(timed.message.bytes()).hex() for timed in messages]


def test_a_server_that_dies_takes_nothing_with_it(jack: JackServer, plug_synth: PlugSynth) -> None:
    with playing(None) as output:
        jack.stop()
        try:
            assert news(output) == ["JACK is gone: the music goes on without it, until it is back"]
            assert output.description == "waiting for JACK"
            for _ in range(10_000):  # more than any buffer holds
                send(output, note(60))
            assert output.poll() == []  # nothing new
        finally:
            jack.start()
        assert news(output) == ["JACK is back: port 'bachd' of JACK"]
        synth = plug_synth("synth", "bachd:bachd")
        sent = send(output, note(62))
        assert synth.hear(1) == sent


def test_destinations_are_listed_by_name(plug_synth: PlugSynth) -> None:
    assert destinations() == []
    plug_synth("a synth")
    assert destinations() == ["a synth:in"]


@pytest.mark.usefixtures("no_midi")
def test_without_a_server_there_is_one_line_and_no_noise() -> None:
    """In a process that has no second JACK library, as this one may have."""
    words = "from bachd.midi.jack.output import destinations; destinations()"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[0].startswith("Traceback")
    assert done.stderr.splitlines()[-1] == "bachd.errors.OutputError: JACK: no server runs"
    assert "Cannot connect" not in done.stderr


def test_any_instrument_that_comes_is_played_to(plug_synth: PlugSynth) -> None:
    with playing(None, any_instrument=True) as output:
        assert output.description == "port 'bachd' of JACK"
        first = plug_synth("first")
        assert news(output) == ["first:in is there: reset, and in from the next bar on"]
        assert output.description == "first:in"
        output.bar(MonotonicClock().now())
        assert first.hear_after(send(output, note(60), wait=JOINING)) == RESET
        second = plug_synth("second")
        first.unplug()
        told = news(output)
        while len(told) < 2:
            told += news(output)
        assert told[0] == "first:in is gone: the music goes on without it, until it is back"
        assert told[1] == "second:in is there: reset, and in from the next bar on"
        output.bar(MonotonicClock().now())
        assert second.hear_after(send(output, note(62), wait=JOINING)) == RESET
