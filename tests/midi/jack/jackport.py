"""What the tests of outputs to JACK do with one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from mido import Message

from bachd.midi.reset import reset
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output, TimedMessage
from tests.conftest import PATIENCE, Synth

T = TypeVar("T", bound=Output)
Opening: TypeAlias = Callable[..., T]
PlugSynth = Callable[..., Synth]

RESET = [message.data.hex() for message in reset()]
JOINING = 0.5
"""Seconds after which a synth that joins hears notes: the server makes a connection some cycles after it was asked."""


@contextmanager
def playing(
    opening: Opening[T], destination: str | None, lateness: Lateness | None = None, **options: bool
) -> Iterator[T]:
    """Play to a destination, or to whoever connects, with what `opening` makes."""
    output = opening(destination, MonotonicClock(), lateness or Lateness(), **options)
    try:
        yield output
    finally:
        output.close()


def send(output: Output, *messages: Message, wait: float = 0.0) -> list[str]:
    """Send for one moment, some seconds from now; the messages as a synth writes them down."""
    due = MonotonicClock().now() + wait
    output.send([TimedMessage(due, 0, message) for message in messages])
    return [message.hex("").lower() for message in messages]


def news(output: Output) -> list[str]:
    """What `poll` tells, as soon as it tells anything: JACK takes its time to see that somebody is gone."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if lines := list(output.poll()):
            return lines
    return []


def note(number: int) -> Message:
    return Message("note_on", note=number)


def control(value: int) -> Message:
    return Message("control_change", control=7, value=value)
