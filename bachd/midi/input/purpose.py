"""Name what an input is for: a MIDI clock to follow, or what a person plays.

Law: each has a port of its own, so that a program can be connected to the one and not to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd.midi.port_names import CLOCK, IN

_CLOCK_KINDS: Final = frozenset((0xF2, 0xF8, 0xFA, 0xFB, 0xFC))
"""Song position, clock, start, continue and stop."""
_PLAYED_KINDS: Final = frozenset((0x80, 0x90, 0xB0, 0xC0, 0xE0))
"""Note-off, note-on, control change, program change and pitch bend, on channel 1."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is received, and at which port of ours."""

    word: str
    """How a child process is told of it."""
    port: str
    """The name of our port."""
    what: str
    """What comes in, for people."""
    kinds: frozenset[int]
    """The first bytes of the messages that are passed on, those of channel messages with channel 0."""
    holds: bool
    """Whether a sender holds something that ends with it, so that its end is reported."""

    def takes(self, data: bytes) -> bool:
        """Whether a message is one of these."""
        status = data[0]
        return (status & 0xF0 if status < 0xF0 else status) in self.kinds


FOLLOWING: Final = Purpose("clock", CLOCK, "a MIDI clock", _CLOCK_KINDS, holds=False)
PLAYING: Final = Purpose("notes", IN, "notes", _PLAYED_KINDS, holds=True)
PURPOSES: Final = {purpose.word: purpose for purpose in (FOLLOWING, PLAYING)}
