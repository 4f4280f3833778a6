"""Open the outputs that `midi.output` asks for, and list the ports there are.

Law: an output that cannot be opened keeps no other one from playing: it is logged, tried again, and joins. Where it is
the only one, the run does not begin, unless it is a synth and the run may wait for its synths, as a service does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from bachd.midi import systems
from bachd.midi.fan_out import NOWHERE, FanOut
from bachd.midi.pending_output import PendingOutput
from bachd.midi.port_names import PortInfo, is_instrument, label, unsubscribable
from bachd.midi.resolve import Resolver, attempt
from bachd.midi.targets import FileTarget, NoTarget, PortTarget, SynthTarget
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output

if TYPE_CHECKING:
    from bachd.midi.alsa.output import AlsaOutput
    from bachd.midi.alsa.sequencer import Sequencer

log = logging.getLogger(__name__)


def list_ports() -> list[PortInfo]:
    """Return what can be played to, on all MIDI systems that are here."""
    found = []
    sequencer = systems.open_sequencer([])
    if sequencer is not None:
        ports = sequencer.ports()
        sequencer.close()
        found += [PortInfo(label(port, ports), "alsa", "hardware" if port.hardware else "software") for port in ports]
    for system, names in systems.other_systems(sequencer, []):
        instruments = [name for name in names if system != "jack" and is_instrument(name)]
        found += [PortInfo(name, system, "hardware" if name in instruments else "software") for name in names]
    return found


def instruments() -> list[str]:
    """Return the ports that 'auto' may choose, on the first MIDI system that is here."""
    sequencer = systems.open_sequencer([])
    if sequencer is not None:
        ports = sequencer.ports()
        sequencer.close()
        return [label(port, ports) for port in ports if port.hardware]
    return [name for _, names in systems.other_systems(sequencer, []) for name in names if is_instrument(name)]


def open_outputs(
    specs: Sequence[str],
    clock: Clock,
    lateness: Lateness,
    *,
    awaiting: bool = False,
    present: FanOut = NOWHERE,
    offsets: Mapping[str, float] | None = None,
    asked: str = "midi.output",
) -> FanOut:
    """Open all outputs asked for, as one: each auto, virtual, jack, none, file:NAME.mid or part of a port's name.

    clock: the machine's monotonic one, in which deadlines are counted.
    awaiting: whether the run may begin with nothing but synths that are not switched on yet (on ALSA only).
    present: what is played to at present; those of it that are asked for again are used again.
    offsets: seconds by which a clock is later than the music, by some of `specs`.
    asked: where `specs` are written, for error texts.

    Raises OutputError, and leaves nothing open, if none of them can be opened: for a name that fits no port or several,
    it lists those that are there.
    """
    openings: dict[float, _Opening] = {}
    with ExitStack() as stack:

        def opening(spec: str) -> _Opening:
            offset = (offsets or {}).get(spec, 0.0)
            if offset not in openings:
                openings[offset] = _Opening(clock, lateness, present, asked)
                stack.callback(openings[offset].close)
            return openings[offset]

        failed = attempt(specs, lambda spec: opening(spec).add(spec))
        alone = len(failed) == len(specs)
        for spec, fault in failed:
            if not opening(spec).wait_for(spec, others=not alone or awaiting):
                if alone:
                    raise fault
                opening(spec).retry(spec)
            log.warning("%s; it is waited for", fault)
        found = [(output, offset) for offset, each in openings.items() for output in each.finish()]
        stack.pop_all()
    return FanOut([output for output, _ in found], [offset for _, offset in found])


class _Opening:
    """Outputs while they are being opened. Synths on ALSA share one port of ours, if their clock is for one moment."""

    def __init__(self, clock: Clock, lateness: Lateness, present: FanOut, asked: str) -> None:
        self._clock = clock
        self._lateness = lateness
        self._present = present
        self._asked = asked
        self._resolver = Resolver(asked, [name for port in self._ports for name in port.wanted if name])
        self._outputs: list[Output] = []
        self._synths: list[str | None] = []
        self._choices: list[tuple[str, SynthTarget]] = []
        self._alsa_port = False
        self._waited: set[str] = set()

    def add(self, spec: str) -> None:
        """Open what one word asks for. Raises OutputError."""
        for there in self._present.outputs:
            if isinstance(there, PendingOutput) and there.spec == spec:
                self._outputs.append(there)
                return
        target = self._resolver.resolve(spec)
        if isinstance(target, SynthTarget):
            self._synths.append(target.name)
            self._alsa_port = True
            self._choices.append((spec, target))
        elif isinstance(target, FileTarget):
            self._record(target)
        elif isinstance(target, PortTarget) and target.system == "alsa" and self._resolver.sequencer is not None:
            self._alsa_port = True
        elif not isinstance(target, NoTarget):
            self._play(target)

    def wait_for(self, spec: str, *, others: bool) -> bool:
        """Wait for a synth that ALSA will announce; False if that is not what is wrong, or there are no `others`."""
        if not others or not self._resolver.may_come(spec):
            return False
        self._synths.append(spec)
        self._waited.add(spec)
        self._alsa_port = True
        return True

    def retry(self, spec: str) -> None:
        """Try again later, as long as it takes."""
        again = partial(open_outputs, [spec], self._clock, self._lateness, asked=self._asked)
        self._outputs.append(PendingOutput(spec, again))

    def finish(self) -> list[Output]:
        """Return what has been opened."""
        for spec, target in self._choices:
            _log_choice(spec, target, self._synths)
        if self._alsa_port and (sequencer := self._resolver.take_sequencer()) is not None:
            self._outputs.insert(0, self._alsa(sequencer))
        self._resolver.close()
        return self._outputs

    def close(self) -> None:
        """Something could not be opened: close what has been."""
        FanOut(self._outputs).close(self._present)
        self._resolver.close()

    def _alsa(self, sequencer: Sequencer) -> Output:
        from bachd.midi.alsa.output import AlsaOutput

        wanted = tuple(self._synths)
        for there in self._ports:
            if there.wanted == wanted:
                sequencer.close()
                return there
        output = AlsaOutput(
            sequencer,
            wanted,
            self._clock,
            self._lateness,
            awaiting=bool(self._waited or self._outputs),
            sounding={address for there in self._ports for address in there.sounding},
        )
        for name in output.missing:
            if name not in self._waited:
                log.warning("%s; it is waited for", unsubscribable(name))
        return output

    @property
    def _ports(self) -> list[AlsaOutput]:
        """Our ports on ALSA that are played to at present: one for each offset of the clock."""
        from bachd.midi.alsa.output import AlsaOutput

        return [output for output in self._present.outputs if isinstance(output, AlsaOutput)]

    def _play(self, target: PortTarget) -> None:
        from bachd.midi.jack.output import JackOutput
        from bachd.midi.rtmidi.output import RtMidiOutput

        for output in self._present.outputs:
            if isinstance(output, JackOutput | RtMidiOutput) and output.plays(target):
                self._outputs.append(output)
                return
        kind = JackOutput if target.system == "jack" else partial(RtMidiOutput, target.system)
        self._outputs.append(
            kind(target.destination, self._clock, self._lateness, any_instrument=target.any_instrument)
        )

    def _record(self, target: FileTarget) -> None:
        from bachd.midi.file.output import FileOutput

        if target.reason:
            log.warning("no MIDI here (%s): playing into %s instead", target.reason, target.path)
        for output in self._present.outputs:
            if isinstance(output, FileOutput) and output.wanted == target.path:
                self._outputs.append(output)
                return
        self._outputs.append(FileOutput(target.path))


def _log_choice(spec: str, target: SynthTarget, synths: Sequence[str | None]) -> None:
    """Log which of several ports of one name was chosen, unless all of them are asked for."""
    if target.port is not None and len(target.twins) >= synths.count(target.name):
        others = " or ".join(map(repr, target.twins))
        choice = f"taking {target.label!r}; for another write {others}"
        log.info("midi.output: %r fits several ports of one name: %s", spec, choice)
