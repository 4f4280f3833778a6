"""Define what an output is to the player, and the timed message that it is sent.

Law: `send` never blocks and never raises for a port that has vanished; an output delivers each message at its deadline,
those of one deadline in the order in which it was sent them, but note_offs before note_ons.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bachd.music.message import Message


@dataclass(frozen=True, slots=True)
class TimedMessage:
    """A MIDI message with its deadline. Meta messages (tempo, metre, names) are for files; ports skip them."""

    due: float
    """Monotonic seconds at which the message must leave the port."""
    tick: float
    """Position in the music, 24 ticks a quarter note, from the start of the run; between two where played so."""
    message: Message


def ordered(messages: Iterable[TimedMessage]) -> list[TimedMessage]:
    """Sort by deadline; at one and the same, note_ons come last. No note may have a length of 0."""
    return sorted(messages, key=lambda timed: (timed.due, timed.message.type == "note_on"))


class Output(Protocol):
    """Destination of messages: a port, several ports, or a file."""

    @property
    def description(self) -> str:
        """Describe the present destination: 'FP-30X MIDI 1' or "waiting for 'FP-30X'"."""
        ...

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Take messages to deliver, some tens of milliseconds ahead of their deadlines. Called from one thread.

        Notes are one stream, a clock's bytes are another: the deadlines of neither decrease, from call to call neither,
        unless `retract` lies between.
        """
        ...

    def retract(self, moment: float) -> None:
        """Forget what is due after `moment` (monotonic seconds) and has not been delivered.

        Called from the thread that sends. No note_on that was forgotten is left sounding.
        """
        ...

    def bar(self, due: float) -> None:
        """Note that a bar begins at `due`, in monotonic seconds, with what is sent next.

        Called from the thread that sends. An instrument that was plugged in again gets no note_on before that.
        """
        ...

    def poll(self) -> Sequence[str]:
        """Check the connection, about once a second, off the event loop: reopen what has vanished.

        Returns one line for each thing that changed, for the log. May block for some milliseconds.
        """
        ...

    def close(self) -> None:
        """Deliver what has been sent, each at its deadline, then close the port. May block until the last one."""
        ...
