"""Silence, whatever has been left sounding and by whom.

Law: it needs nothing but the ports; no synth has to understand more than note_off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bachd.errors import OutputError
from bachd.midi.port_names import PortInfo, is_instrument, is_name
from bachd.midi.ports import list_ports, open_outputs
from bachd.midi.reset import CHANNELS, every_note_off, reset
from bachd.music.message import Message
from bachd.realtime.clock import MonotonicClock, sleep_until
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output, TimedMessage

_SPACING: Final = 0.001
"""Seconds between two messages: as long as one takes on a DIN cable, so that no buffer overflows on the way."""
_LEAD: Final = 0.1
"""Seconds by which messages are handed over before they are due."""


def panic(specs: Sequence[str] = ()) -> str:
    """Silence the ports that are named, or every instrument there is. Takes two seconds.

    specs: words of `midi.output`; those that name no port stand for every instrument.

    Returns what has been silenced, for people. Raises OutputError if there is nothing to silence.
    """
    named = [spec for spec in specs if spec == "jack" or is_name(spec)]
    wanted = named or [port.name for port in list_ports() if port.kind == "hardware" or _is_on_jack(port)]
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


def _is_on_jack(port: PortInfo) -> bool:
    return port.backend == "jack" and is_instrument(port.name)


def _send(output: Output, messages: Sequence[Message], due: float) -> float:
    """Send messages one after the other; returns when the next may be due."""
    output.send([TimedMessage(due + _SPACING * index, 0, message) for index, message in enumerate(messages)])
    return due + _SPACING * len(messages)
