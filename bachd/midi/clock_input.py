"""Where a MIDI clock comes in.

Law: each message is dated by the system that delivered it, as near to its arrival as can be; an input that is unplugged
is waited for by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from bachd.errors import OutputError

ANY = "auto"
"""Asks for whatever sends a clock: all hardware, and who connects to our port."""

Hear: TypeAlias = Callable[[float, bytes, str], None]
"""Is given each message with its moment in monotonic seconds, and its sender if that is known. From any thread."""


class Input(Protocol):
    """An open input."""

    @property
    def description(self) -> str:
        """What is listened to, for people."""
        ...

    def poll(self) -> Sequence[str]:
        """Look after the connection, about once a second; one line for each thing that changed. May block a little."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


def open_input(spec: str, hear: Hear) -> Input:
    """Listen to the ports that `spec` is part of the names of, now or later, or to any.

    Raises OutputError if there is no MIDI system.
    """
    from bachd.midi.alsa.clock_input import AlsaClockInput
    from bachd.midi.jack.clock_input import JackClockInput

    part = None if spec == ANY else spec
    faults = []
    for system in (AlsaClockInput, JackClockInput):
        try:
            return system(part, hear)
        except OutputError as fault:
            faults.append(str(fault))
    raise OutputError(f"tempo: clock: no MIDI clock can come in: {'; '.join(faults)}")
