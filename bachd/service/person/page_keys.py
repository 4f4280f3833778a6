"""Take what people play in their browsers for what it is: a keyboard each.

Law: each key that goes down comes up again, also when the browser or the page's process is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bachd.midi.input.person import Person, PersonEvent

PAGE: Final = "the page"
"""What the source of an event begins with if somebody plays in a browser."""


class PageKeys:
    """The keyboards of all browsers. For the event loop."""

    def __init__(self, take: Callable[[PersonEvent], None], clock: Callable[[], float]) -> None:
        """take: called with each event. clock: monotonic seconds."""
        self._take, self._clock = take, clock
        self._person = Person()

    def play(self, client: int, data: bytes) -> None:
        """Receive a MIDI message of a browser; an empty one when it is gone."""
        for event in self._person.receive(self._clock(), data, f"{PAGE} {client}"):
            self._take(event)

    def let_go(self) -> None:
        """Take all keys for let go."""
        for event in self._person.release(self._clock()):
            self._take(event)
