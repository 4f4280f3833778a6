"""Show what comes in from keyboards and controllers, and the line of config.yaml that would make use of it.

Law: nothing is played and no setting is changed; each thing is shown once, until something else comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from time import monotonic

from bachd.config import Config
from bachd.midi.input.person import Person
from bachd.midi.input.purpose import PLAYING
from bachd.midi.input.trigger import Trigger, named
from bachd.music.message import Message

_EXAMPLES = {"cc": "tempo 60 to 120", "bend": "transpose -12 to 12", "note": "re-roll", "program": "next piece"}
"""What such a trigger might do."""
_LOOK = 1.0
"""Seconds between two looks at the connections."""


class Learner:
    """What has come in so far."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._person = Person()
        self._last: Trigger | None = None

    def take(self, moment: float, data: bytes, source: str) -> None:
        """Show a message that came in; see `Receive` in realtime/input.py."""
        for event in self._person.receive(moment, data, source):
            trigger = named(event.message)
            if trigger is not None and trigger != self._last:
                self._last = trigger
                self._write(described(trigger, event.message, source))


def described(trigger: Trigger, message: Message, source: str) -> str:
    """Return a line for people: what came in, from where, and the line to paste below `controls:`."""
    line = f"{Trigger(trigger.kind, trigger.number)}: {_EXAMPLES[trigger.kind]}"
    return f"{trigger} ({_standing(trigger, message)}) from {source}    ->    {line}"


def _standing(trigger: Trigger, message: Message) -> str:
    match trigger.kind:
        case "cc":
            return f"at {message.value}"
        case "note":
            return f"velocity {message.velocity}"
        case "bend":
            return f"at {message.bend - 8192}"
        case _:
            return "chosen"


def learn(config: Config, write: Callable[[str], None], seconds: float | None = None) -> None:
    """Show what comes in at `midi.input`, until Ctrl-C or for so many seconds. Raises OutputError without MIDI."""
    from bachd.midi.inputs import open_input

    received: SimpleQueue[tuple[float, bytes, str]] = SimpleQueue()
    source = open_input(config.midi.input, lambda *message: received.put(message), PLAYING, "midi.input")
    try:
        write(f"listening to {source.description}: turn, press and play what you want to use; Ctrl-C ends")
        write("put the lines you want below 'controls:' below 'midi:' in config.yaml, and change what they do")
        _show(Learner(write), received, source.poll, write, seconds)
    finally:
        source.close()


def _show(
    learner: Learner,
    received: SimpleQueue[tuple[float, bytes, str]],
    poll: Callable[[], Sequence[str]],
    write: Callable[[str], None],
    seconds: float | None,
) -> None:
    end = None if seconds is None else monotonic() + seconds
    while end is None or monotonic() < end:
        try:
            learner.take(*received.get(timeout=_LOOK if end is None else min(_LOOK, max(0.0, end - monotonic()))))
        except Empty:
            for line in poll():
                write(line)
