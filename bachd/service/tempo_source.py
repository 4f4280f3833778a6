"""Whom the music follows, if anybody: what is heard of him comes from other threads and is told to the conductor here.

Law: a conductor is spoken to in the event loop only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bachd.config import Config

if TYPE_CHECKING:
    from bachd.realtime.clock_out import Pulse
    from bachd.realtime.transport import Conductor
    from bachd.sync.conductor import Following

Call: TypeAlias = Callable[..., Any]
"""Has a function called in the event loop, with arguments, from any thread: its `call_soon_threadsafe`."""


class Source(Protocol):
    """Where a lead is heard."""

    @property
    def description(self) -> str:
        """That place, for people."""
        ...

    def poll(self) -> Sequence[str]:
        """Look after the connection, off the event loop, about once a second; a line for what changed."""
        ...

    def close(self) -> None:
        """Hear no more."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """Something for the log."""

    level: int
    line: str


class Lead:
    """Somebody who is followed."""

    def __init__(self, conductor: Following, source: Source) -> None:
        self.conductor, self.source = conductor, source
        self._told = ""

    def condition(self, now: float) -> str:
        """What a person should know of him at a moment, and where he is heard, if he is not; '' if all is well."""
        told = self.conductor.leader.condition(now)
        return told if self.conductor.leader.running else f"{told} ({self.source.description})"

    def news(self, now: float) -> News | None:
        """What has become of him since this was asked last; None if all is as it was."""
        wrong = self.condition(now)
        line = wrong or f"following at {self.conductor.bpm:.0f} bpm"
        before, self._told = self._told, line.split(" at ")[0]  # a tempo alone is no news
        level = logging.WARNING if wrong and self.conductor.leader.running else logging.INFO
        return None if self._told == before else News(level, line)


def open_lead(config: Config, call: Call) -> Lead | None:
    """Whom the settings say to follow; None if there is a steady tempo. May take some time.

    Raises OutputError if he cannot be heard here.
    """
    if config.tempo == "clock":
        from bachd.midi.clock_input import open_input
        from bachd.sync.conductor import Following
        from bachd.sync.midi_master import Master

        master = Master(wait_for_start=config.midi.wait_for_start)
        conductor = Following(master)

        def take(moment: float, data: bytes, source: str) -> None:
            master.hear(moment, data, source)
            conductor.stir()

        return Lead(conductor, open_input(config.midi.input, lambda *heard: call(take, *heard)))
    if config.tempo == "link":
        from bachd.sync.conductor import Following
        from bachd.sync.link import LinkLeader, LinkSource

        source = LinkSource(config.bpm, lambda: call(look))
        session = LinkLeader(source.link)
        follower = Following(session)

        def look() -> None:
            session.look()
            follower.stir()

        source.start()
        return Lead(follower, source)
    return None


def pulse(config: Config) -> Pulse:
    """The clock that is sent by these settings."""
    from bachd.realtime.clock_out import Pulse

    clock = config.midi.clock
    return Pulse(sends=clock is not None, while_stopped=clock is not None and clock.while_stopped)


def conductor(config: Config, lead: Lead | None) -> Conductor:
    """Who is to conduct by these settings."""
    from bachd.realtime.transport import Transport

    return Transport(config.bpm) if lead is None else lead.conductor
