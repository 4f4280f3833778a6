"""Define the interface of a MIDI input, and of the function that it calls with each message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

Receive: TypeAlias = Callable[[float, bytes, str], None]
"""Called with each message: its moment in monotonic seconds, its bytes, and its sender if known. From any thread.

Without any bytes it says, of what a person plays, that the sender is gone, and the keys it held with it.
"""


class Input(Protocol):
    """An open input."""

    @property
    def description(self) -> str:
        """The ports that are received from, for people."""
        ...

    def poll(self) -> Sequence[str]:
        """Look after the connection, about once a second; one line for each thing that changed. May block a little."""
        ...

    def close(self) -> None:
        """Stop receiving and release the port."""
        ...
