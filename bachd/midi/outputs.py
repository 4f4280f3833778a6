"""Several outputs as one.

Law: each gets all messages, and what one of them does when it is closed keeps no other one open.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from bachd.realtime.output import Output, TimedMessage


class Outputs:
    """Several outputs as one; with none at all, nobody hears anything."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self.outputs = tuple(outputs)

    @property
    def description(self) -> str:
        """All of them, for people."""
        return ", ".join(output.description for output in self.outputs) or "no output"

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Give the messages to each."""
        for output in self.outputs:
            output.send(messages)

    def retract(self, moment: float) -> None:
        """Let each forget."""
        for output in self.outputs:
            output.retract(moment)

    def bar(self, due: float) -> None:
        """Tell each."""
        for output in self.outputs:
            output.bar(due)

    def poll(self) -> Sequence[str]:
        """Look after each."""
        return [line for output in self.outputs for line in output.poll()]

    def close(self, kept: Outputs | None = None) -> None:
        """Close each, even if another one fails to, but for those that are among the `kept`, too."""
        with ExitStack() as stack:
            for output in self.outputs:
                if kept is None or output not in kept.outputs:
                    stack.callback(output.close)


NOWHERE: Final = Outputs(())
"""Without any output."""
