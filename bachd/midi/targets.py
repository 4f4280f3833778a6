"""Describe what a word of `midi.output` stands for: a synth, a port of ours, a file or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bachd.midi.port_names import OURS, System

if TYPE_CHECKING:
    from bachd.midi.alsa.sequencer import SequencerPort

_TITLES: Final = {"alsa": "ALSA", "jack": "JACK", "coremidi": "CoreMIDI"}


@dataclass(frozen=True, slots=True)
class SynthTarget:
    """A synth on ALSA's sequencer."""

    name: str | None
    """As it is waited for; None takes any instrument."""
    port: SequencerPort | None
    """Where it is now, if it is there."""
    label: str
    """What to call it, or what is waited for."""
    twins: tuple[str, ...] = ()
    """What other ports of the same name are called."""


@dataclass(frozen=True, slots=True)
class PortTarget:
    """A port of ours, which may be connected to a destination."""

    system: System
    destination: str | None = None
    any_instrument: bool = False
    """Whether the destination is whatever instrument is there, now or later."""

    @property
    def label(self) -> str:
        """Its name in messages to people."""
        return self.destination or f"the port '{OURS}' of {_TITLES[self.system]}"


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A .mid file."""

    path: Path
    reason: str = ""
    """Why it takes the place of a MIDI system; empty if it was asked for."""

    @property
    def label(self) -> str:
        """Its name in messages to people."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class SpeakerTarget:
    """The loudspeaker of this machine."""

    label: str = "the loudspeaker"


@dataclass(frozen=True, slots=True)
class NoTarget:
    """No output."""

    label: str = "no output"


Target: TypeAlias = "SynthTarget | PortTarget | SpeakerTarget | FileTarget | NoTarget"
