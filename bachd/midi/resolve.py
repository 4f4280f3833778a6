"""Find what a word of `midi.output` stands for on this machine, without playing to it.

Law: whatever `run` opens was resolved here first, and `check`, `doctor` and `panic` ask here, too: they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bachd.errors import OutputError
from bachd.midi import systems
from bachd.midi.port_names import (
    System,
    ambiguous,
    candidates,
    is_name,
    label,
    matching,
    normal,
    selector,
    the_one,
    unsubscribable,
)
from bachd.midi.speaker import availability
from bachd.midi.speaker.settings import USUAL, SpeakerSettings
from bachd.midi.targets import FileTarget, NoTarget, PortTarget, SpeakerTarget, SynthTarget, Target

if TYPE_CHECKING:
    from bachd.midi.alsa.sequencer import Sequencer


class Resolver:
    """The MIDI systems of this machine, opened to look at them; to be closed."""

    def __init__(
        self, asked: str = "midi.output", awaited: Sequence[str] = (), speaker: SpeakerSettings = USUAL
    ) -> None:
        """asked: where the words are written, for error texts. awaited: names that may be absent."""
        self._asked = asked
        self._awaited = awaited
        self._speaker = speaker
        self._faults: list[str] = []
        self._tried = False
        self._sequencer: Sequencer | None = None

    @property
    def sequencer(self) -> Sequencer | None:
        """ALSA's, if there is one."""
        if not self._tried:
            self._tried = True
            self._sequencer = systems.open_sequencer(self._faults)
        return self._sequencer

    def take_sequencer(self) -> Sequencer | None:
        """Return the sequencer, which the caller closes from here on."""
        sequencer, self._sequencer = self.sequencer, None
        return sequencer

    def close(self) -> None:
        """Close what was opened to look."""
        if self._sequencer is not None:
            self._sequencer.close()
            self._sequencer = None

    def resolve(self, spec: str) -> Target:
        """Return what a word stands for. Raises OutputError if that is not there."""
        spec = normal(spec)
        if spec.startswith("file:"):
            return FileTarget(home_expanded(Path(spec.removeprefix("file:"))))
        if spec == "none":
            return NoTarget()
        if spec == "speaker":
            return SpeakerTarget()
        if spec == "jack":
            return PortTarget("jack", systems.first_instrument(systems.destinations("jack")), any_instrument=True)
        if spec == "auto":
            return self._auto()
        return self._virtual() if spec == "virtual" else self._named(spec)

    def present(self) -> list[str]:
        """Return the ports of ALSA's sequencer, each by a name that only it has."""
        ports = self.sequencer.ports() if self.sequencer is not None else []
        return [label(port, ports) for port in ports]

    def may_come(self, spec: str) -> bool:
        """Return whether a word that cannot be resolved is the name of a synth that ALSA would announce."""
        if not is_name(normal(spec)) or self.sequencer is None:
            return False
        return not candidates(self.sequencer.ports(), spec)

    def _auto(self) -> Target:
        if self.sequencer is not None:
            found = next((port for port in self.sequencer.ports() if port.hardware), None)
            return SynthTarget(None, found, "waiting for a synth" if found is None else found.name)
        for system, names in self._others():
            return PortTarget(system, systems.first_instrument(names), any_instrument=True)
        return SpeakerTarget() if availability.is_ready(self._speaker) else self.file_instead()

    def file_instead(self) -> FileTarget:
        """Return the file that takes the place of a MIDI system."""
        return FileTarget(fresh_path(), self._why)

    def _virtual(self) -> Target:
        if self.sequencer is not None:
            return PortTarget("alsa")
        for system, _ in self._others():
            return PortTarget(system)
        raise OutputError(f"{self._asked}: no MIDI system here can make a port: {self._why}")

    def _named(self, part: str) -> Target:
        ports = self.sequencer.ports() if self.sequencer is not None else []
        if found := candidates(ports, part):
            if len(names := dict.fromkeys(port.name for port in found)) > 1:
                raise ambiguous(names, part, self._asked)
            labels = [label(port, ports) for port in found]
            return SynthTarget(found[0].name + selector(part, found[0].name), found[0], labels[0], tuple(labels[1:]))
        known = [label(port, ports) for port in ports]
        if matching(self._awaited, part):
            awaited = the_one(self._awaited, part, self._asked)
            return SynthTarget(awaited, None, f"waiting for {awaited}")
        for system, others in self._others():
            if matching(others, part):
                return PortTarget(system, the_one(others, part, self._asked))
            known += others
        the_one(known, part, self._asked)
        raise AssertionError(part)

    @property
    def _why(self) -> str:
        """Return why each MIDI system cannot be used."""
        return "; ".join(dict.fromkeys(self._faults))

    def _others(self) -> Iterator[tuple[System, list[str]]]:
        yield from systems.other_systems(self.sequencer, self._faults)


def attempt(specs: Sequence[str], how: Callable[[str], None]) -> list[tuple[str, OutputError]]:
    """Do something with each word; returns those that it fails for, with their faults."""
    failed = []
    for spec in specs:
        try:
            how(spec)
        except OutputError as fault:
            failed.append((spec, fault))
    return failed


def examine(specs: Sequence[str], asked: str = "midi.output", speaker: SpeakerSettings = USUAL) -> list[str]:
    """Look at all that `open_outputs` would open; returns what it would play without.

    Raises OutputError where it would refuse to play.
    """
    resolver = Resolver(asked, speaker=speaker)
    try:
        failed = attempt(specs, lambda spec: _examine(resolver, spec, speaker))
    finally:
        resolver.close()
    if len(failed) == len(specs):
        raise failed[0][1]
    return [str(fault) for _, fault in failed]


def _examine(resolver: Resolver, spec: str, speaker: SpeakerSettings) -> None:
    from bachd.midi.file.output import check_writable

    target = resolver.resolve(spec)
    if isinstance(target, FileTarget):
        check_writable(target.path)
    elif isinstance(target, SpeakerTarget):
        availability.check(speaker, jack=systems.has_jack())
    elif (
        isinstance(target, SynthTarget)
        and target.port is not None
        and resolver.sequencer is not None
        and not resolver.sequencer.send_now(target.port.address, ())
    ):
        raise OutputError(unsubscribable(target.label))


def without_synth() -> str:
    """Describe what a run with `auto` does on this machine while there is no synth."""
    resolver = Resolver()
    try:
        target = resolver.resolve("auto")
    finally:
        resolver.close()
    if isinstance(target, FileTarget):
        return "plays into a .mid file"
    if isinstance(target, SpeakerTarget) or availability.is_ready(
        jack=target == PortTarget("jack", any_instrument=True)
    ):
        return "plays on the loudspeaker until one is there"
    offered = PortTarget("alsa") if isinstance(target, SynthTarget) else target
    return f"offers {offered.label} until one is there"


def home_expanded(path: Path) -> Path:
    """Return the path with ~ as the home it stands for. Raises OutputError if that home is not known."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise OutputError(f"{path}: there is no such home; write the whole path") from None


def fresh_path() -> Path:
    """Return a name in the working directory that no earlier run has taken."""
    from datetime import datetime
    from itertools import chain, count

    stem = f"bachd-{datetime.now():%Y%m%d-%H%M%S}"
    names = (Path(f"{stem}-{number}.mid") for number in count(2))
    return next(path for path in chain([Path(f"{stem}.mid")], names) if not path.exists())
