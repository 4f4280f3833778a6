"""What python-rtmidi finds, and what it says where there is nothing."""

from __future__ import annotations

import pytest

from bachd.errors import OutputError
from bachd.midi.rtmidi import port
from bachd.midi.rtmidi.port import destinations
from tests.midi.jack.jackport import PlugSynth


def test_destinations_are_listed_by_name(plug_synth: PlugSynth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(port._APIS, "coremidi", "API_UNIX_JACK")  # CoreMIDI is not here
    assert destinations("coremidi") == []
    plug_synth("a synth")
    assert destinations("coremidi") == ["a synth:in"]


@pytest.mark.usefixtures("no_midi")
def test_without_a_sequencer_there_is_one_line_and_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rtmidi")
    with pytest.raises(OutputError, match="ALSA: there is no "):
        destinations("alsa")
    assert capfd.readouterr() == ("", "")
