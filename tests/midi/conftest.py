"""Machines with one MIDI system."""

from __future__ import annotations

import pytest


@pytest.fixture
def only_jack(no_midi: None, jack: object) -> None:
    """A machine with JACK and without ALSA; the fixtures set it up in this order."""


@pytest.fixture
def no_loudspeaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without FluidSynth."""
    monkeypatch.setattr("bachd.midi.speaker.sound_card._LIBRARIES", ())
