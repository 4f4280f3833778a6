"""Ports of JACK, on a machine without ALSA."""

from __future__ import annotations

import pytest

from bachd.errors import OutputError
from bachd.midi.panic import panic
from bachd.midi.reset import reset
from bachd.midi.resolve import without_synth
from bachd.midi.systems import list_ports
from bachd.realtime.clock import MonotonicClock
from tests.midi.jack.jackport import PlugSynth, news
from tests.midi.opening import note, opened

pytestmark = pytest.mark.usefixtures("no_loudspeaker")


@pytest.mark.usefixtures("only_jack")
def test_auto_takes_jack_where_there_is_no_alsa() -> None:
    output = opened("auto")
    assert output.description == "port 'bachd' of JACK"
    output.close()


@pytest.mark.realtime
@pytest.mark.usefixtures("only_jack")
@pytest.mark.parametrize("spec", ["auto", "jack", "ORGAN"])
def test_a_jack_synth_is_played_to(plug_synth: PlugSynth, spec: str) -> None:
    synth = plug_synth("organ")
    output = opened(spec)
    assert output.description == "organ:in"
    output.send([note(60)])
    assert synth.hear(len(reset()) + 1)[-1] == "903c40"
    output.close()


@pytest.mark.usefixtures("only_jack")
def test_a_virtual_port_is_connected_to_nobody(plug_synth: PlugSynth) -> None:
    synth = plug_synth("organ")
    output = opened("virtual")
    assert output.description == "port 'bachd' of JACK"
    output.send([note(60)])
    output.close()
    assert synth.unplug() == []


@pytest.mark.usefixtures("only_jack")
def test_jack_ports_that_fit_are_listed(plug_synth: PlugSynth) -> None:
    plug_synth("organ one")
    plug_synth("organ two")
    assert [(port.name, port.backend, port.kind) for port in list_ports()] == [
        ("organ one:in", "jack", "software"),
        ("organ two:in", "jack", "software"),
    ]
    with pytest.raises(OutputError, match="'organ' fits several ports: 'organ one:in', 'organ two:in'"):
        opened("organ")


@pytest.mark.realtime
@pytest.mark.usefixtures("only_jack")
@pytest.mark.parametrize("spec", ["auto", "jack"])
def test_a_jack_synth_that_starts_later_is_connected(plug_synth: PlugSynth, spec: str) -> None:
    output = opened(spec)
    assert output.poll() == []
    synth = plug_synth("organ")
    assert news(output) == ["organ:in is there: reset, and in from the next bar on"]
    assert output.description == "organ:in"
    output.bar(MonotonicClock().now())
    output.send([note(60)])
    assert synth.hear(len(reset()) + 1)[-1] == "903c40"
    synth.unplug()
    assert news(output) == ["organ:in is gone: the music goes on without it, until it is back"]
    plug_synth("harp")
    assert news(output) == ["harp:in is there: reset, and in from the next bar on"]
    output.close()


@pytest.mark.realtime
@pytest.mark.usefixtures("only_jack")
def test_a_jack_synth_is_silenced_where_run_would_play_to_it(plug_synth: PlugSynth) -> None:
    with pytest.raises(OutputError, match="panic: there is no MIDI instrument"):
        panic()
    assert without_synth() == "offers the port 'bachd' of JACK until one is there"
    plug_synth("organ")
    assert panic() == "organ:in"
    assert panic((), ["jack", "auto"]) == "organ:in"
