"""Track whether a device is absent, waits for the next bar, or plays.

Law: a device that arrives gets what silences it and sets it up at once, the beginnings of notes from the next bar on,
and a running clock from the moment at which it was sent the clock's position.
"""

from __future__ import annotations

import math
from enum import Enum

from bachd.midi.chase import Chase
from bachd.midi.message_queue import begins


class State(Enum):
    """State of a device."""

    ABSENT = "absent"
    WAITING = "waiting"
    """For the next bar; it has been reset."""
    PLAYING = "playing"
    TAKEN_OFF = "taken off"
    """Disconnected by hand: not connected again until it is plugged in again."""


class Presence:
    """The state of one device. For one thread at a time."""

    def __init__(self, state: State = State.PLAYING) -> None:
        self.state = state
        self.in_step = state is State.PLAYING
        """Whether it has been sent the position of the clock, if one runs."""
        self.since = -math.inf
        """Monotonic seconds at which it began to wait."""

    @property
    def plays(self) -> bool:
        """Whether it gets all that is sent."""
        return self.state is State.PLAYING

    @property
    def waits(self) -> bool:
        """Whether it is to join at the next bar."""
        return self.state is State.WAITING

    def arrive(self, now: float = -math.inf) -> None:
        """Note that it is there and was reset: let it wait for a bar."""
        self.state, self.in_step, self.since = State.WAITING, False, now

    def leave(self, state: State = State.ABSENT) -> None:
        """Note that it is gone, or was taken off."""
        self.state, self.in_step = state, False

    def play(self, *, in_step: bool = False) -> None:
        """Let it have all from here on. in_step: whether that includes a clock that runs."""
        self.state, self.in_step = State.PLAYING, self.in_step or in_step

    def join(self, *, in_step: bool = False) -> bool:
        """Let it play if it waited, as a bar begins; returns whether it did."""
        if waited := self.waits:
            self.play(in_step=in_step)
        return waited

    def passes(self, data: bytes, chase: Chase) -> bool:
        """Return whether a message is for the device now. chase: what its output has been sent."""
        return self.plays if begins(data) else self.in_step or not chase.holds_back(data)
