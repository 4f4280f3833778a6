"""Play notes to a listener of our own, to measure when each arrives.

Law: what is measured is an output that plays music, not a likeness; no synth sounds. The listener and the machine's
floor are processes of their own, and their clocks are the system's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, TypeAlias

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.port_names import matching, the_one
from bachd.midi.systems import list_ports
from bachd.music.message import Message
from bachd.realtime.clock import Clock, sleep_until
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.transport import LEAD_SECONDS

System: TypeAlias = Literal["alsa", "jack"]
Sent: TypeAlias = list[tuple[float, str]]
"""Deadlines in monotonic seconds, and messages in hexadecimal digits."""

PATIENCE: Final = 60.0
"""Seconds that a process that measures may take to start."""
_NOTES, _VELOCITIES, _CHANNELS = 128, 127, 16


class Child:
    """A module of bachd in a process of its own, which measures until it is asked for what it has found."""

    def __init__(self, module: str, *arguments: str) -> None:
        """Start it."""
        self._process = child_process.start(module, *arguments, text=True)

    def line(self) -> str:
        """Return the next line that it writes. Raises OutputError if that is why it cannot measure."""
        line = child_process.read_line(self._process, PATIENCE)
        if not line or line.startswith("!"):
            raise OutputError(line[1:] or "timing: the process that measures has failed")
        return line

    def result(self) -> Any:
        """End it; what it has found. Raises OutputError if it has failed."""
        said, _ = self._process.communicate()
        try:
            return json.loads(said)
        except ValueError:
            raise OutputError("timing: the process that measures has failed") from None

    def close(self) -> None:
        """End it, whatever it has found; may be called again."""
        if self._process.returncode is None:
            self._process.communicate()


def system_of(spec: str) -> System | None:
    """Return the MIDI system that a word of `midi.output` plays through; None if nothing can listen there.

    Raises OutputError if there is no such port, or no MIDI system at all.
    """
    if spec == "none" or spec.startswith("file:"):
        return None
    if spec == "jack":
        return "jack"
    ports = list_ports()
    if spec not in ("auto", "virtual"):
        name = the_one([port.name for port in ports], spec)
        backend = next(port.backend for port in ports if matching([port.name], name))
        return backend if backend == "alsa" or backend == "jack" else None
    from bachd.midi.alsa.kernel_sequencer import check_device

    try:
        check_device()
    except OutputError as alsa:
        from bachd.midi.jack.output import destinations

        try:
            destinations()
        except OutputError as jack:
            raise OutputError(f"there is no MIDI here to measure with: {alsa}; {jack}") from None
        return "jack"
    return "alsa"


@contextmanager
def listening(system: System) -> Iterator[tuple[str, Child]]:
    """Yield a listener while it is needed, and where it is: the name of a JACK port, or an address of ALSA's."""
    ear = Child("bachd.service.timing.listener", system)
    try:
        yield ear.line(), ear
    finally:
        ear.close()


def output_to(where: str, system: System, clock: Clock, lateness: Lateness) -> Output:
    """Return the output that would play through `system`, and here plays to a listener. Raises OutputError."""
    if system == "jack":
        from bachd.midi.jack.output import JackOutput

        return JackOutput(where, clock, lateness)
    from bachd.midi.alsa.kernel_sequencer import KernelSequencer
    from bachd.midi.alsa.output import AlsaOutput

    sequencer = KernelSequencer()
    client, port = map(int, where.split(":"))
    output = AlsaOutput(sequencer, (), clock, lateness)
    if not sequencer.subscribe((client, port)):
        output.close()
        raise OutputError("ALSA: the listener cannot be subscribed")
    return output


def chord(number: int, last: int) -> list[Message]:
    """Return what leaves at the moment of a note: the end of the one before it, and itself, unless it is the last.

    Messages differ from one another for a quarter of a million notes.
    """
    messages = []
    if number > 0:
        messages.append(_note(0x80, number - 1))
    if number < last:
        messages.append(_note(0x90, number))
    return messages


def _note(kind: int, number: int) -> Message:
    """Return a note_on or a note_off, made unique by its velocity, too."""
    channel, velocity = number // (_NOTES * _VELOCITIES) % _CHANNELS, 1 + number // _NOTES % _VELOCITIES
    return Message(bytes((kind | channel, number % _NOTES, velocity)))


def play(output: Output, start: float, spacing: float, numbers: Sequence[int], *, last: int) -> Iterator[Sent]:
    """Hand over notes, as early as music is; each is due so many seconds after the one before it.

    start: the deadline of note 0. last: the number of notes of all calls. Yields what was sent, note by note.
    """
    for number in numbers:
        due = start + spacing * number
        sleep_until(due - LEAD_SECONDS)
        messages = chord(number, last)
        output.send([TimedMessage(due, number, message) for message in messages])
        yield [(due, message.data.hex()) for message in messages]
