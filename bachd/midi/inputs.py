"""Open an input for a MIDI clock, or for what a person plays.

Law: each message is dated by the system that delivered it, as near to its arrival as can be; an input that is unplugged
is waited for by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bachd.errors import OutputError
from bachd.midi.alsa.input import AlsaInput
from bachd.midi.input.purpose import Purpose
from bachd.midi.jack.input import JackInput
from bachd.realtime.input import Input, Receive

ANY: Final = "auto"
"""Asks for whatever sends: all hardware, and whatever connects to our port."""


def open_input(specs: Sequence[str], receive: Receive, purpose: Purpose, asked: str) -> Input:
    """Receive from the ports that have one of `specs` in their names, now or later, or from any.

    asked: the setting that wants it, for error texts. Raises OutputError if there is no MIDI system.
    """
    parts = () if ANY in specs else tuple(specs)
    faults = []
    for system in (AlsaInput, JackInput):
        try:
            return system(parts, receive, purpose)
        except OutputError as fault:
            faults.append(str(fault))
    raise OutputError(f"{asked}: {purpose.what} cannot come in: {'; '.join(faults)}")
