"""An input without a MIDI system, for what a person plays."""

from __future__ import annotations

from bachd.realtime.input import Receive


class Cable:
    """An input without a MIDI system: plays what it is given."""

    description = "a cable"

    def __init__(self) -> None:
        self.receive: Receive | None = None
        self.closed = False

    def open(self, specs: object, receive: Receive, *_: object) -> Cable:
        self.receive = receive
        return self

    def play(self, *messages: str, moment: float = 0.0, source: str = "a keyboard") -> None:
        assert self.receive is not None
        for message in messages:
            self.receive(moment, bytes.fromhex(message), source)

    def poll(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.closed = True
