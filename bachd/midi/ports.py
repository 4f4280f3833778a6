"""Open the outputs that `midi.output` asks for.

Law: an output that cannot be opened keeps no other one from playing: it is logged, tried again, and joins. Where it is
the only one, the run does not begin, unless it is a synth and the run may wait for its synths, as a service does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING

from bachd.errors import OutputError
from bachd.midi.fan_out import NOWHERE, FanOut
from bachd.midi.port_names import normal, unsubscribable
from bachd.midi.resolve import Resolver, attempt
from bachd.midi.speaker.settings import USUAL, SpeakerSettings
from bachd.midi.targets import FileTarget, NoTarget, PortTarget, SpeakerTarget, SynthTarget
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output

if TYPE_CHECKING:
    from bachd.midi.alsa.output import AlsaOutput
    from bachd.midi.alsa.sequencer import Sequencer
    from bachd.midi.speaker.opening import SpeakerOpening

log = logging.getLogger(__name__)


def open_outputs(
    specs: Sequence[str],
    clock: Clock,
    lateness: Lateness,
    *,
    awaiting: bool = False,
    present: FanOut = NOWHERE,
    offsets: Mapping[str, float] | None = None,
    thru: Collection[str] = (),
    asked: str = "midi.output",
    speaker: SpeakerSettings = USUAL,
) -> FanOut:
    """Open all outputs asked for, as one: each a word, as in config.yaml, or part of a port's name.

    clock: the machine's monotonic one, in which deadlines are counted.
    awaiting: whether the run may begin with nothing but synths that are not switched on yet (on ALSA only).
    present: what is played to at present; those of it that are asked for again are used again.
    offsets: seconds by which a clock is later than the music, by some of `specs`.
    thru: those of `specs` that alone may be sent what a person plays; none for all of them.
    asked: where `specs` are written, for error texts.
    speaker: what the loudspeaker is set to.

    Raises OutputError, and leaves nothing open, if none of them can be opened: for a name that fits no port or several,
    it lists those that are there.
    """
    openings: dict[tuple[float, bool], _Opening] = {}
    with ExitStack() as stack:

        def opening(spec: str) -> _Opening:
            manner = (offsets or {}).get(spec, 0.0), not thru or spec in thru
            if manner not in openings:
                openings[manner] = _Opening(clock, lateness, present, asked, speaker)
                stack.callback(openings[manner].close)
            return openings[manner]

        failed = attempt(specs, lambda spec: opening(spec).add(spec))
        alone = len(failed) == len(specs)
        for spec, fault in failed:
            if not opening(spec).wait_for(spec, str(fault), others=not alone or awaiting):
                if alone:
                    raise fault
                opening(spec).retry(spec)
            log.warning("%s; it is waited for", fault)
        found = [(output, *manner) for manner, each in openings.items() for output in each.finish()]
        stack.pop_all()
    outputs, later, passing = zip(*found, strict=True) if found else ((), (), ())
    return FanOut(outputs, later, passing)


class _Opening:
    """Outputs while they are being opened. Synths on ALSA share one port of ours, if they are sent the same."""

    def __init__(self, clock: Clock, lateness: Lateness, present: FanOut, asked: str, speaker: SpeakerSettings) -> None:
        self._clock = clock
        self._lateness = lateness
        self._present = present
        self._asked = asked
        self._speaker_settings = speaker
        self._resolver = Resolver(asked, [name for port in self._ports for name in port.wanted if name], speaker)
        self._outputs: list[Output] = []
        self._synths: list[str | None] = []
        self._choices: list[tuple[str, SynthTarget]] = []
        self._alsa_port = False
        self._waited: set[str] = set()
        self._auto = False

    def add(self, spec: str) -> None:
        """Open what one word asks for. Raises OutputError."""
        for there in self._present.outputs:
            from bachd.midi.pending_output import PendingOutput

            if isinstance(there, PendingOutput) and there.spec == spec:
                self._outputs.append(there)
                return
        target = self._resolver.resolve(spec)
        self._auto = self._auto or normal(spec) == "auto"
        if isinstance(target, SpeakerTarget):
            self._sound(spec)
        elif isinstance(target, SynthTarget):
            self._synths.append(target.name)
            self._alsa_port = True
            self._choices.append((spec, target))
        elif isinstance(target, FileTarget):
            self._record(target)
        elif isinstance(target, PortTarget) and target.system == "alsa" and self._resolver.sequencer is not None:
            self._alsa_port = True
        elif not isinstance(target, NoTarget):
            self._play(target)

    def wait_for(self, spec: str, fault: str, *, others: bool) -> bool:
        """Wait for a sound card, or a synth that ALSA will announce; False if neither is wrong, or without `others`."""
        if others and normal(spec) == "speaker":
            self._outputs.append(self._speaker.alone(fault))
            return True
        if not others or not self._resolver.may_come(spec):
            return False
        self._synths.append(spec)
        self._waited.add(spec)
        self._alsa_port = True
        return True

    def retry(self, spec: str) -> None:
        """Try again later, as long as it takes."""
        from bachd.midi.pending_output import PendingOutput

        again = partial(open_outputs, [spec], self._clock, self._lateness, asked=self._asked)
        self._outputs.append(PendingOutput(spec, again))

    def finish(self) -> list[Output]:
        """Return what has been opened."""
        for spec, target in self._choices:
            _log_choice(spec, target, self._synths)
        if self._alsa_port and (sequencer := self._resolver.take_sequencer()) is not None:
            self._outputs.insert(0, self._alsa(sequencer))
        self._resolver.close()
        if self._auto:
            self._stand_in()
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

    @cached_property
    def _speaker(self) -> SpeakerOpening:
        from bachd.midi.speaker.opening import SpeakerOpening  # slow

        return SpeakerOpening(self._speaker_settings, self._clock, self._lateness, self._present.outputs)

    @property
    def _ports(self) -> list[AlsaOutput]:
        """Our ports on ALSA that are played to at present: one for each offset of the clock."""
        if not self._present.outputs:  # as when a run begins
            return []
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

    def _sound(self, spec: str) -> None:
        """Open the loudspeaker; where 'auto' means it and it cannot be used, a file takes its place."""
        try:
            self._outputs.append(self._speaker.alone())
        except OutputError as fault:
            if normal(spec) != "auto":
                raise
            log.warning("%s", fault)
            self._record(self._resolver.file_instead())

    def _stand_in(self) -> None:
        """Let the loudspeaker play as long as there is no synth."""
        if not self._outputs:
            return
        from bachd.midi.alsa.output import AlsaOutput
        from bachd.midi.jack.output import JackOutput

        for main in self._outputs:
            if isinstance(main, AlsaOutput | JackOutput):
                if stand_in := self._speaker.stand_in(main, jack=isinstance(main, JackOutput)):
                    self._outputs.append(stand_in)
                return

    def _record(self, target: FileTarget) -> None:
        from bachd.midi.file.output import FileOutput

        if target.reason:
            log.warning("no synth and no loudspeaker here, so the music is kept in %s (%s)", target.path, target.reason)
            self._speaker.say_what_is_missing(jack=False)
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
