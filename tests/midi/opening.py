"""What the tests of outputs do to open and play to them."""

from __future__ import annotations

from mido import Message

from bachd.midi.fan_out import FanOut
from bachd.midi.ports import open_outputs
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage


def opened(*specs: str) -> FanOut:
    return open_outputs(specs, MonotonicClock(), Lateness())


def note(number: int) -> TimedMessage:
    return TimedMessage(MonotonicClock().now(), 0, Message("note_on", note=number))
