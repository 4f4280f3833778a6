"""Point out settings that are allowed, and probably not what was meant.

Law: nothing here refuses anything; `check` prints these lines, and `run` logs them.
"""

from __future__ import annotations

from typing import Final

from bachd.config import Config
from bachd.config_midi import PerChannel

_DRUMS: Final = 10
"""The channel that General MIDI keeps for percussion."""


def remarks(config: Config) -> list[str]:
    """A line for each."""
    midi, found = config.midi, []
    if _DRUMS in midi.channels:
        what = "a General MIDI synth plays drums there, not Bach"
        found.append(f"midi.channels: channel {_DRUMS} is for percussion: {what}; choose another one")
    for key, value in (("program", midi.program), ("bank", midi.bank)):
        if unused := _channels(value) - set(midi.channels):
            listed = ", ".join(map(str, sorted(unused)))
            found.append(f"midi.{key}: channel {listed} is not among midi.channels, so nothing is sent there")
    if config.hours and isinstance(config.tempo, str):
        found.append("hours: mean nothing here, for the external tempo alone starts and halts the music")
    if midi.wait_for_start and config.tempo != "clock":
        found.append("midi.wait_for_start: means something only with tempo: clock")
    return found


def _channels(value: PerChannel) -> set[int]:
    return {channel for channel, _ in value} if isinstance(value, tuple) else set()
