"""Open an input for a MIDI clock.

Law: each message is dated by the system that delivered it, as near to its arrival as can be; an input that is unplugged
is waited for by its name.
"""

from __future__ import annotations

from typing import Final

from bachd.errors import OutputError
from bachd.midi.alsa.clock_input import AlsaClockInput
from bachd.midi.jack.clock_input import JackClockInput
from bachd.realtime.input import Input, Receive

ANY: Final = "auto"
"""Asks for whatever sends a clock: all hardware, and whatever connects to our port."""


def open_input(spec: str, receive: Receive) -> Input:
    """Receive from the ports that have `spec` in their names, now or later, or from any.

    Raises OutputError if there is no MIDI system.
    """
    part = None if spec == ANY else spec
    faults = []
    for system in (AlsaClockInput, JackClockInput):
        try:
            return system(part, receive)
        except OutputError as fault:
            faults.append(str(fault))
    raise OutputError(f"tempo: clock: no MIDI clock can come in: {'; '.join(faults)}")
