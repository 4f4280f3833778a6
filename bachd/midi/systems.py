"""Open the MIDI systems of this machine, to see whether they are there and what can be played to.

Law: ALSA's sequencer comes first, then JACK; on macOS there is CoreMIDI alone. Through python-rtmidi ALSA is used only
where the sequencer cannot be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from bachd.errors import OutputError
from bachd.midi.port_names import System, is_instrument

if TYPE_CHECKING:
    from bachd.midi.alsa.sequencer import Sequencer

_SYSTEMS: Final[Sequence[System]] = ("coremidi",) if sys.platform == "darwin" else ("alsa", "jack")
"""The MIDI systems to look for, in this order."""


def open_sequencer(faults: list[str]) -> Sequencer | None:
    """Return the ALSA sequencer; if there is none, what is wrong is added to `faults`."""
    from bachd.midi.alsa.kernel_sequencer import KernelSequencer

    if "alsa" not in _SYSTEMS:
        return None
    try:
        return KernelSequencer()
    except OutputError as fault:
        faults.append(str(fault))
        return None


def other_systems(sequencer: Sequencer | None, faults: list[str]) -> Iterator[tuple[System, list[str]]]:
    """Yield the MIDI systems beside ALSA's sequencer, with their destinations; ALSA through rtmidi only without it."""
    for system in _SYSTEMS:
        if system != "alsa" or sequencer is None:
            try:
                yield system, destinations(system)
            except OutputError as fault:
                if system != "alsa":  # what is wrong with it, `open_sequencer` has said
                    faults.append(str(fault))


def destinations(system: System) -> list[str]:
    """Return the names of the ports that can be played to. Raises OutputError if the system is not there."""
    from bachd.midi.jack import output as jack_output
    from bachd.midi.rtmidi import port as rtmidi_port

    return jack_output.destinations() if system == "jack" else rtmidi_port.destinations(system)


def first_instrument(names: Sequence[str]) -> str | None:
    """Return the first name that 'auto' may choose."""
    return next(filter(is_instrument, names), None)
