"""Select the external tempo source (MIDI clock or Ableton Link), and pass its events to the conductor.

Law: a conductor is called in the event loop only; the events arrive on other threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bachd.config import Config

if TYPE_CHECKING:
    from bachd.realtime.transport import Conductor
    from bachd.sync.conductor import FollowingConductor

Call: TypeAlias = Callable[..., Any]
"""Has a function called in the event loop, with arguments, from any thread: its `call_soon_threadsafe`."""


class TempoInput(Protocol):
    """Input of an external tempo."""

    @property
    def description(self) -> str:
        """Name it for people."""
        ...

    def poll(self) -> Sequence[str]:
        """Check the connection, off the event loop, about once a second; returns a line for each change."""
        ...

    def close(self) -> None:
        """Receive no more."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """A line for the log."""

    level: int
    line: str


class TempoSource:
    """An external tempo: the conductor that follows it, and the input that its events come in by."""

    def __init__(self, conductor: FollowingConductor, source: TempoInput) -> None:
        self.conductor, self.input = conductor, source
        self._logged = ""

    def condition(self, now: float) -> str:
        """Return why there is silence, or what is wrong with the tempo; '' if all is well."""
        condition = self.conductor.external.condition(now)
        return condition if self.conductor.external.running else f"{condition} ({self.input.description})"

    def news(self, now: float) -> News | None:
        """Return what to log of it: its condition, or the tempo, if that is another than the last time."""
        wrong = self.condition(now)
        line = wrong or f"following at {self.conductor.bpm:.0f} bpm"
        before, self._logged = self._logged, line.split(" at ")[0]  # another tempo alone is not logged
        level = logging.WARNING if wrong and self.conductor.external.running else logging.INFO
        return None if self._logged == before else News(level, line)


def open_tempo_source(config: Config, call: Call) -> TempoSource | None:
    """Open the tempo source of the settings; None if the tempo is a number. May take some time.

    Raises OutputError if there is no way to receive it here.
    """
    if config.tempo == "clock":
        return _open_midi_clock(config, call)
    if config.tempo == "link":
        return _join_link(config, call)
    return None


def _open_midi_clock(config: Config, call: Call) -> TempoSource:
    from bachd.midi.input.purpose import FOLLOWING
    from bachd.midi.inputs import open_input
    from bachd.sync.conductor import FollowingConductor
    from bachd.sync.midi_master import MidiMaster

    master = MidiMaster(wait_for_start=config.midi.wait_for_start)
    conductor = FollowingConductor(master)

    def receive(moment: float, data: bytes, source: str) -> None:
        master.receive(moment, data, source)
        conductor.notify()

    incoming = open_input(config.midi.input, lambda *message: call(receive, *message), FOLLOWING, "tempo: clock")
    return TempoSource(conductor, incoming)


def _join_link(config: Config, call: Call) -> TempoSource:
    from bachd.sync.conductor import FollowingConductor
    from bachd.sync.link import LinkSource, LinkTempo

    source = LinkSource(config.bpm, lambda: call(poll))
    session = LinkTempo(source.link)
    conductor = FollowingConductor(session)

    def poll() -> None:
        session.poll()
        conductor.notify()

    source.start()
    return TempoSource(conductor, source)


def make_conductor(config: Config, tempo_source: TempoSource | None) -> Conductor:
    """Return the conductor of these settings: the tempo source's, or one with a steady tempo."""
    from bachd.realtime.transport import Transport

    return Transport(config.bpm) if tempo_source is None else tempo_source.conductor
