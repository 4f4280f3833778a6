"""Define the interface of a sequencer as far as bachd needs it: one port of our own, subscriptions, and a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bachd.midi.alsa.event_records import SUBSCRIBERS, Address


@dataclass(frozen=True, slots=True)
class SequencerPort:
    """A port of another client that can be subscribed to ours."""

    address: Address
    name: str
    """As people read it."""
    hardware: bool
    """Whether it is an instrument that 'auto' may choose."""
    path: str = ""
    """The USB socket it is in, such as '1-1.2'; empty for what is not on USB."""


class Sequencer(Protocol):
    """A sequencer with our port and a running queue. Its methods may be called from any thread."""

    def now(self) -> float:
        """Return the queue's time in seconds."""
        ...

    def ports(self) -> list[SequencerPort]:
        """Return what can be played to, the likeliest instrument first."""
        ...

    def is_stale(self) -> bool:
        """Return whether `ports` returns something else by now, which `wait` does not announce; for one thread."""
        ...

    def subscribed(self) -> set[Address]:
        """Return the ports subscribed to ours at present, by bachd or by another program."""
        ...

    def subscribe(self, address: Address) -> bool:
        """Subscribe a port to ours; returns whether it is subscribed."""
        ...

    def unsubscribe(self, address: Address) -> None:
        """Take a port off ours, if it is subscribed."""
        ...

    def schedule(self, messages: Sequence[tuple[float, bytes]], to: Address = SUBSCRIBERS) -> None:
        """Queue messages, each with its queue time, which do not decrease.

        to: the port that gets them; without it, all that are subscribed at that time do.
        """
        ...

    def remove(self, moment: float) -> None:
        """Take what is to be played at queue time `moment` or later out of the queue."""
        ...

    def send_now(self, address: Address, messages: Sequence[bytes]) -> bool:
        """Send to one port at once, past the queue, subscribed or not; returns False if it cannot be reached."""
        ...

    def wait(self, seconds: float | None) -> set[int] | None:
        """Wait until ports or subscriptions have changed, for `wake`, or for so long. Called by one thread.

        Returns the clients that have vanished, or have lost a port; None if nothing has changed.
        """
        ...

    def wake(self) -> None:
        """Let `wait` return now, or the next time at once."""
        ...

    def close(self) -> None:
        """Wait until all that is queued has been played, then be gone."""
        ...
