"""Open the MIDI systems of this machine, to see whether they are there and what can be played to.

Law: ALSA's sequencer comes first, then JACK; on macOS there is CoreMIDI alone. Through python-rtmidi ALSA is used only
where the sequencer cannot be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from bachd.errors import OutputError
from bachd.midi.port_names import PortInfo, System, is_instrument, label
from bachd.midi.speaker import availability

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


def has_jack() -> bool:
    """Return whether a JACK server can be reached."""
    try:
        destinations("jack")
    except OutputError:
        return False
    return True


def first_instrument(names: Sequence[str]) -> str | None:
    """Return the first name that 'auto' may choose."""
    return next(filter(is_instrument, names), None)


def list_ports() -> list[PortInfo]:
    """Return what can be played to, on all MIDI systems that are here."""
    found, jack = [], False
    sequencer = open_sequencer([])
    if sequencer is not None:
        ports = sequencer.ports()
        sequencer.close()
        found += [PortInfo(label(port, ports), "alsa", "hardware" if port.hardware else "software") for port in ports]
    for system, names in other_systems(sequencer, []):
        jack = jack or system == "jack"
        instruments = [name for name in names if system != "jack" and is_instrument(name)]
        found += [PortInfo(name, system, "hardware" if name in instruments else "software") for name in names]
    if availability.is_ready(jack=jack):
        found.append(PortInfo("speaker", "fluidsynth", "loudspeaker"))
    return found


def instruments() -> list[str]:
    """Return the ports that 'auto' may choose, on the first MIDI system that is here."""
    sequencer = open_sequencer([])
    if sequencer is not None:
        ports = sequencer.ports()
        sequencer.close()
        return [label(port, ports) for port in ports if port.hardware]
    return [name for _, names in other_systems(sequencer, []) for name in names if is_instrument(name)]
