"""Play to an output that cannot be opened yet: open it as soon as it can be, and join on the next bar.

Law: the other outputs never wait for it. What joins late is sent all that holds: for a file the tempo and the metre,
too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bachd.errors import OutputError
from bachd.midi.chase import Chase
from bachd.music.message import Message
from bachd.realtime.output import Output, TimedMessage


class PendingOutput:
    """Stands for an output until that can be opened, and passes everything on from then on."""

    def __init__(self, spec: str, open_output: Callable[[], Output]) -> None:
        """spec: the word of `midi.output`. open_output: raises OutputError as long as it cannot be opened."""
        self.spec = spec
        self.output: Output | None = None
        """The output, once it plays."""
        self._open = open_output
        self._opened: Output | None = None  # by the thread that polls; it joins with the next bar
        self._chase = Chase()
        self._signs: dict[str, Message] = {}
        self._joins = False

    @property
    def description(self) -> str:
        """The output, or what is waited for."""
        output = self.output or self._opened
        return f"waiting for {self.spec}" if output is None else output.description

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Pass messages on, or remember what they set."""
        if self.output is not None:
            if self._joins and messages:
                self._joins = False
                held = [*self._signs.values(), *map(Message, self._chase.state())]
                messages = [*(replace(messages[0], message=message) for message in held), *messages]
            self.output.send(messages)
            return
        for timed in messages:
            if timed.message.is_meta:
                if timed.message.type in ("set_tempo", "time_signature"):
                    self._signs[timed.message.type] = timed.message
            else:
                self._chase.see(timed.due, bytes(timed.message.bytes()))

    def retract(self, moment: float) -> None:
        """Pass it on."""
        self._chase.retract()
        if self.output is not None:
            self.output.retract(moment)

    def bar(self, due: float) -> None:
        """Let an output that was opened meanwhile join."""
        if self.output is None and self._opened is not None:
            self.output, self._joins = self._opened, True
            if (resume := self._chase.resume()) is not None:
                self.output.send([TimedMessage(resume.due, 0, Message(data)) for data in resume.messages])
        if self.output is not None:
            self.output.bar(due)

    def poll(self) -> Sequence[str]:
        """Try to open the output; once that has been done, look after it."""
        if self._opened is not None:
            return self._opened.poll()
        try:
            self._opened = self._open()
        except OutputError:  # has been logged; the next look will tell
            return ()
        return (f"{self._opened.description} is there: in from the next bar on",)

    def close(self) -> None:
        """Close the output, if it has been opened."""
        if self._opened is not None:
            self._opened.close()
