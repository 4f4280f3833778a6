"""From the words of `midi.output` to outputs that play.

Law: what is asked for by name is there, or the run does not begin, unless it may wait for its synths, as a service
does; 'auto' always finds something to play to.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bachd.errors import OutputError
from bachd.midi.fan_out import NOWHERE, Outputs
from bachd.midi.port_names import PortInfo, System, is_instrument, matching, the_one
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output

if TYPE_CHECKING:
    from bachd.midi.alsa.output import AlsaOutput
    from bachd.midi.alsa.sequencer import Sequencer

log = logging.getLogger(__name__)

_SYSTEMS: Final[Sequence[System]] = ("coremidi",) if sys.platform == "darwin" else ("alsa", "jack")
"""The MIDI systems to look for, in this order."""


def list_ports() -> list[PortInfo]:
    """What can be played to, on all MIDI systems that are here."""
    found = []
    sequencer = _sequencer([])
    if sequencer is not None:
        ports = sequencer.ports()
        sequencer.close()
        found += [PortInfo(port.name, "alsa", "hardware" if port.hardware else "software") for port in ports]
    for system, names in _others(sequencer, []):
        instruments = [name for name in names if system != "jack" and is_instrument(name)]
        found += [PortInfo(name, system, "hardware" if name in instruments else "software") for name in names]
    return found


def open_outputs(
    specs: Sequence[str],
    clock: Clock,
    lateness: Lateness,
    *,
    awaiting: bool = False,
    present: Outputs = NOWHERE,
    offsets: Mapping[str, float] | None = None,
    asked: str = "midi.output",
) -> Outputs:
    """Open all outputs asked for, as one: each auto, virtual, jack, none, file:NAME.mid or part of a port's name.

    clock: the machine's monotonic one, in which deadlines are counted.
    awaiting: whether a name that fits no port means one that is not switched on yet (with ALSA's sequencer only).
    present: what is played to at present; those of it that are asked for again are used again.
    offsets: seconds by which a clock is later than the music, by some of `specs`.
    asked: where `specs` are written, for those who have to mend them.

    Raises OutputError, and leaves nothing open, if one of them cannot be had: for a name that fits no port or several,
    it lists those that are there.
    """
    groups: dict[float, list[str]] = {}
    for spec in specs:
        groups.setdefault((offsets or {}).get(spec, 0.0), []).append(spec)
    found: list[tuple[Output, float]] = []
    with ExitStack() as stack:
        for offset, words in groups.items():
            opening = _Opening(clock, lateness, present, asked, awaiting=awaiting)
            stack.callback(opening.close)
            for word in words:
                opening.add(word)
            found += [(output, offset) for output in opening.finish()]
        stack.pop_all()
    return Outputs([output for output, _ in found], [offset for _, offset in found])


class _Opening:
    """Outputs while they are being opened. Synths on ALSA share one port of ours, if their clock is for one moment."""

    def __init__(self, clock: Clock, lateness: Lateness, present: Outputs, asked: str, *, awaiting: bool) -> None:
        self._clock = clock
        self._lateness = lateness
        self._present = present
        self._asked = asked
        self._awaiting = awaiting
        self._faults: list[str] = []
        self._outputs: list[Output] = []
        self._tried = False
        self._sequencer: Sequencer | None = None
        self._synths: list[str | None] = []

    def add(self, spec: str) -> None:
        """Open what one word asks for."""
        if spec.startswith("file:"):
            self._record(Path(spec.removeprefix("file:")))
        elif spec == "jack":
            self._play("jack", _first_instrument(_destinations("jack")))
        elif spec != "none":
            if not self._tried:
                self._tried = True
                self._sequencer = _sequencer(self._faults)
            if spec == "auto":
                self._add_auto()
            elif spec == "virtual":
                self._add_virtual()
            else:
                self._add_named(spec)

    def finish(self) -> list[Output]:
        """What has been opened."""
        if self._sequencer is not None:
            self._outputs.insert(0, self._alsa(self._sequencer))
            self._sequencer = None
        return self._outputs

    def close(self) -> None:
        """Something could not be opened: close what has been."""
        Outputs(self._outputs).close(self._present)
        if self._sequencer is not None:
            self._sequencer.close()

    def _alsa(self, sequencer: Sequencer) -> Output:
        from bachd.midi.alsa.output import AlsaOutput

        wanted = tuple(self._synths)
        for there in self._ports:
            if there.wanted == wanted:
                sequencer.close()
                return there
        return AlsaOutput(
            sequencer,
            wanted,
            self._clock,
            self._lateness,
            awaiting=self._awaiting,
            sounding={address for there in self._ports for address in there.sounding},
        )

    @property
    def _ports(self) -> list[AlsaOutput]:
        """Our ports on ALSA that are played to at present: one for each offset of the clock."""
        from bachd.midi.alsa.output import AlsaOutput

        return [output for output in self._present.outputs if isinstance(output, AlsaOutput)]

    def _add_auto(self) -> None:
        if self._sequencer is not None:
            self._synths.append(None)
            return
        for system, names in _others(self._sequencer, self._faults):
            self._play(system, _first_instrument(names))
            return
        path = _fresh_path()
        log.warning("no MIDI here (%s): playing into %s instead", self._why, path)
        self._record(path)

    def _add_virtual(self) -> None:
        if self._sequencer is None:
            for system, _ in _others(self._sequencer, self._faults):
                self._play(system, None)
                return
            raise OutputError(f"midi.output: no MIDI system here can make a port: {self._why}")

    def _add_named(self, part: str) -> None:
        names = [port.name for port in self._sequencer.ports()] if self._sequencer is not None else []
        awaited = [name for port in self._ports for name in port.wanted if name]
        if matching(names + awaited, part):
            self._synths.append(the_one(names + awaited, part, self._asked))
            return
        for system, others in _others(self._sequencer, self._faults):
            if matching(others, part):
                self._play(system, the_one(others, part, self._asked))
                return
            names += others
        if self._sequencer is None or not self._awaiting:
            the_one(names, part, self._asked)
        self._synths.append(part)

    @property
    def _why(self) -> str:
        """What is wrong with each MIDI system."""
        return "; ".join(dict.fromkeys(self._faults))

    def _play(self, system: System, destination: str | None) -> None:
        from bachd.midi.jack.output import JackOutput
        from bachd.midi.rtmidi import RtMidiOutput

        for output in self._present.outputs:
            if isinstance(output, JackOutput | RtMidiOutput) and (output.system, output.destination) == (
                system,
                destination,
            ):
                self._outputs.append(output)
                return
        if system == "jack":
            self._outputs.append(JackOutput(destination, self._clock, self._lateness))
        else:
            self._outputs.append(RtMidiOutput(system, destination, self._clock, self._lateness))

    def _record(self, path: Path) -> None:
        from bachd.midi.file import FileOutput

        for output in self._present.outputs:
            if isinstance(output, FileOutput) and output.wanted == path:
                self._outputs.append(output)
                return
        self._outputs.append(FileOutput(path))


def _sequencer(faults: list[str]) -> Sequencer | None:
    """The ALSA sequencer; if there is none, what is wrong is added to `faults`."""
    from bachd.midi.alsa.sequencer import KernelSequencer

    if "alsa" not in _SYSTEMS:
        return None
    try:
        return KernelSequencer()
    except OutputError as fault:
        faults.append(str(fault))
        return None


def _others(sequencer: Sequencer | None, faults: list[str]) -> Iterator[tuple[System, list[str]]]:
    """The MIDI systems beside ALSA's sequencer, with their destinations; ALSA through rtmidi only without it."""
    for system in _SYSTEMS:
        if system != "alsa" or sequencer is None:
            try:
                yield system, _destinations(system)
            except OutputError as fault:
                if system != "alsa":  # what is wrong with it, `_sequencer` has said
                    faults.append(str(fault))


def _destinations(system: System) -> list[str]:
    """The names of the ports that can be played to. Raises OutputError if the system is not there."""
    from bachd.midi import rtmidi
    from bachd.midi.jack import output as jack_output

    return jack_output.destinations() if system == "jack" else rtmidi.destinations(system)


def _first_instrument(names: Sequence[str]) -> str | None:
    return next(filter(is_instrument, names), None)


def _fresh_path() -> Path:
    """A name in the working directory that no earlier run has taken."""
    stem = f"bachd-{datetime.now():%Y%m%d-%H%M%S}"
    names = (Path(f"{stem}-{number}.mid") for number in count(2))
    return next(path for path in chain([Path(f"{stem}.mid")], names) if not path.exists())
