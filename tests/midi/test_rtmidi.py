"""What python-rtmidi finds, and what it says where there is nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bachd.errors import OutputError
from bachd.midi.rtmidi import destinations
from tests.midi.jackport import PlugSynth


def test_destinations_are_listed_by_name(plug_synth: PlugSynth) -> None:
    assert destinations("jack") == []
    plug_synth("a synth")
    assert destinations("jack") == ["a synth:in"]


@pytest.mark.usefixtures("no_midi")
def test_without_a_server_there_is_one_line_and_no_noise() -> None:
    """In a process that has no second JACK library, as this one may have."""
    pytest.importorskip("rtmidi")
    words = "from bachd.midi.rtmidi import destinations; destinations('jack')"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "bachd.errors.OutputError: JACK: no server runs"
    assert "Cannot connect" not in done.stderr


@pytest.mark.usefixtures("no_midi")
def test_without_a_sequencer_there_is_one_line_and_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rtmidi")
    with pytest.raises(OutputError, match="ALSA: there is no "):
        destinations("alsa")
    assert capfd.readouterr() == ("", "")
