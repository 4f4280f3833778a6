"""Silence synths, whatever has been left sounding and by which program.

Law: it needs nothing but the ports; no synth has to understand more than note_off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from bachd.errors import OutputError
from bachd.midi.port_names import is_name, normal
from bachd.midi.ports import open_outputs
from bachd.midi.reset import CHANNELS, every_note_off, reset
from bachd.midi.resolve import Resolver
from bachd.midi.systems import instruments
from bachd.midi.targets import PortTarget, SpeakerTarget, SynthTarget
from bachd.music.message import Message
from bachd.realtime.clock import MonotonicClock, sleep_until
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output, TimedMessage

_SPACING: Final = 0.001
"""Seconds between two messages: as long as one takes on a DIN cable, so that no buffer overflows on the way."""
_LEAD: Final = 0.1
"""Seconds by which messages are handed over before they are due."""


def panic(ports: Sequence[str] = (), played: Sequence[str] = ()) -> str:
    """Silence the ports that are named, or else every instrument there is. Takes two seconds.

    ports: parts of names; words of `midi.output` that name no port stand for every instrument.
    played: words of `midi.output`; without `ports`, what they stand for is silenced, too.

    Returns what has been silenced, for people. Raises OutputError if there is nothing to silence.
    """
    named = [spec for spec in map(normal, ports) if spec == "jack" or is_name(spec)]
    wanted = named or list(dict.fromkeys([*_destinations(played), *instruments()]))
    if not wanted and "speaker" in map(normal, (*ports, *played)):
        return f"nothing: there is no synth, and {SpeakerTarget().label} falls silent when bachd ends"
    if not wanted:
        raise OutputError("panic: there is no MIDI instrument; switch it on, or name a port: bachd panic PORT")
    clock = MonotonicClock()
    output = open_outputs(wanted, clock, Lateness(), asked="panic")
    try:
        due = clock.now() + _LEAD
        for messages in (reset(), *map(every_note_off, CHANNELS)):
            sleep_until(due - _LEAD)
            due = _send(output, messages, due)
        return output.description
    finally:
        output.close()


def _destinations(played: Sequence[str]) -> Iterator[str]:
    """Yield the ports that words of `midi.output` stand for, as far as they are there."""
    resolver = Resolver()
    try:
        for spec in played:
            with suppress(OutputError):
                target = resolver.resolve(spec)
                if isinstance(target, SynthTarget) and target.port is not None:
                    yield target.label
                elif isinstance(target, PortTarget) and target.destination is not None:
                    yield target.destination
    finally:
        resolver.close()


def _send(output: Output, messages: Sequence[Message], due: float) -> float:
    """Send messages one after the other; returns when the next may be due."""
    output.send([TimedMessage(due + _SPACING * index, 0, message) for index, message in enumerate(messages)])
    return due + _SPACING * len(messages)
