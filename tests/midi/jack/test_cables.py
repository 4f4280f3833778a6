"""A cable of JACK's that is pulled and plugged in again, while the music plays."""

from __future__ import annotations

import subprocess
from functools import partial

import pytest

from bachd.midi.jack.output import JackOutput
from bachd.realtime.clock import MonotonicClock
from tests.conftest import JackServer
from tests.midi.jack import jackport
from tests.midi.jack.jackport import JOINING, RESET, PlugSynth, control, news, note, send

playing = partial(jackport.playing, JackOutput)


def cable(verb: str, destination: str) -> None:
    """Connect or disconnect a port, as somebody at a patchbay does."""
    subprocess.run([f"jack_{verb}", "bachd:bachd", destination], check=True, stdout=subprocess.DEVNULL)


def test_what_sounds_is_ended_where_a_cable_is_pulled_and_a_reset_comes_before_the_music(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        assert synth.hear(len(RESET)) == RESET
        assert synth.hear_after(send(output, note(60))) == []
        cable("disconnect", "synth:in")
        assert news(output) == ["synth:in is disconnected: the music goes on without it, until it is connected again"]
        assert output.description == "waiting for synth:in"
        assert synth.hear(len(RESET)) == RESET  # though it is not connected
        send(output, note(61))
        cable("connect", "synth:in")
        assert news(output) == ["synth:in is there: reset, and in from the next bar on"]
        send(output, note(62))
        output.bar(MonotonicClock().now())
        assert synth.hear_after(send(output, note(63), wait=JOINING)) == RESET


def test_a_cable_is_not_put_back_by_bachd_until_the_synth_was_away(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        cable("disconnect", "synth:in")
        assert "is disconnected" in news(output)[0]
        synth.unplug()
        plug_synth("other", "bachd:bachd")
        synth = plug_synth("synth")
        assert news(output) == ["synth:in is there: reset, and in from the next bar on"]
        output.bar(MonotonicClock().now())
        assert synth.hear_after(send(output, note(60), wait=JOINING)) == RESET


def test_a_cable_that_is_back_before_anybody_looked_was_out_all_the_same(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing("synth:in") as output:
        assert synth.hear_after(send(output, note(60))) == RESET
        cable("disconnect", "synth:in")
        cable("connect", "synth:in")
        while len(lines := synth.hear(len(RESET))) < len(RESET):
            pass
        assert lines == RESET
        told = news(output)
        while len(told) < 2:
            told += news(output)
        assert "is disconnected" in told[0]
        assert told[1] == "synth:in is there: reset, and in from the next bar on"


def test_whoever_else_is_connected_plays_on(plug_synth: PlugSynth) -> None:
    synth = plug_synth("synth")
    with playing(None) as output:
        other = plug_synth("other", "bachd:bachd")
        cable("connect", "synth:in")
        sent = send(output, note(60))
        assert synth.hear(1) == other.hear(1) == sent
        cable("disconnect", "synth:in")
        assert news(output) == ["synth:in is disconnected: the music goes on without it, until it is connected again"]
        assert synth.hear(len(RESET)) == RESET
        assert other.hear_after(send(output, note(61))) == []
        cable("connect", "synth:in")
        assert news(output) == ["synth:in is there: reset, and in from the next bar on"]
        assert synth.hear(len(RESET)) == RESET
        sent = send(output, control(5))
        assert synth.hear(1) == other.hear(1) == sent


def test_who_was_connected_to_our_port_is_connected_again_when_jack_is_back(
    jack: JackServer, plug_synth: PlugSynth
) -> None:
    with playing(None) as output:
        synth = plug_synth("synth", "bachd:bachd")
        assert synth.hear_after(send(output, note(60))) == []
        assert output.poll() == []
        assert output._child is not None
        output._child._process.kill()
        assert news(output) == ["JACK is gone: the music goes on without it, until it is back"]
        assert news(output) == ["JACK is back: port 'bachd' of JACK"]
        output.bar(MonotonicClock().now())
        assert synth.hear_after(send(output, note(62), wait=JOINING)) == RESET


@pytest.mark.usefixtures("jack")
def test_the_ports_of_bachd_are_two() -> None:
    with playing(None):
        listed = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=True).stdout.splitlines()
        assert [name for name in listed if name.startswith("bachd")] == ["bachd:bachd", "bachd:reset"]
