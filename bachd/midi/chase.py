"""Remember what an output was sent, for synths that join later; sequencers call it chasing events.

Law: a synth that joins is sent the last value of everything that holds until it is changed: bank, program, controllers
and pitch bend of each channel, and while a MIDI clock runs the position it is at. Notes are not repeated.

A program change takes the bank that was selected before it (MIDI 1.0, "Bank Select"), so banks are sent first. A Song
Position Pointer counts sixteenths, six clocks each, and holds from the first clock after the next Continue (MIDI 1.0,
"System Common"); a place that it cannot express begins a new count, as it does in clock_out.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from bachd.music.event import TICKS
from bachd.music.message import CLOCK, CONTINUE, START, STOP, songpos

_CONTROL, _PROGRAM, _BEND = 0xB0, 0xC0, 0xE0
_POSITION: Final = 0xF2
_BANKS: Final = (0, 32)
"""Bank Select, MSB and LSB."""
_PEDAL: Final = 64
_MODES: Final = 120
"""From here on a control change is a channel mode message, which does something once."""
_SIXTEENTH: Final = TICKS // 4
_FURTHEST: Final = 1 << 14
"""Sixteenths that a Song Position Pointer can count."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Messages that synchronise a device with a running clock."""

    due: float
    """Monotonic seconds: after the last clock that was sent, before the next."""
    messages: tuple[bytes, ...]
    fresh: bool
    """Whether no clock was sent since the last start: those that are connected at `due` get that start itself."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that is about to begin. Moments are in monotonic seconds."""

    opens: float = math.inf
    """From here on, nothing that comes before the bar is still to leave."""
    begins: float = -math.inf
    resume: Resume | None = None
    """None: no clock runs."""

    def is_late(self, now: float, margin: float) -> bool:
        """Return whether, so many seconds before it is due, a running clock's position cannot be sent any more."""
        return self.resume is not None and now >= self.resume.due - margin


class Chase:
    """The state that the messages of one output add up to. Messages are given in the order they are sent in."""

    def __init__(self) -> None:
        self.clock_runs = False
        """Whether a clock was started and not stopped."""
        self._state: dict[tuple[int, int, int], bytes] = {}
        self._position = 0  # of the next clock, in clocks since the last start
        self._fresh = False
        self._last = -math.inf  # the deadline of the last clock, or of the start before it
        self._periods = (math.inf, math.inf)  # between the last three

    def see(self, due: float, data: bytes) -> None:
        """Take note of a message that is due at this moment, in monotonic seconds."""
        status = data[0]
        if status >= 0xF0:
            self._see_clock(due, data)
        elif (place := _place(data)) is not None:
            self._state[place] = data

    def retract(self) -> None:
        """Messages that were not due yet were taken back; a clock among them begins again with a start or a continue.

        Channel state stays: the performer sends what it retracts again (see performer.py).
        """
        self.clock_runs = False

    def state(self) -> list[bytes]:
        """Return all that a synth must be sent after a reset, channel by channel. May be called from any thread."""
        return [data for _, data in sorted(self._state.copy().items())]

    def resume(self) -> Resume | None:
        """Return what a device must be sent to go along from the next clock on; None if no clock runs."""
        if not self.clock_runs:
            return None
        due = self._last if self._fresh else self._last + min(self._periods) / 2
        sixteenths, rest = divmod(self._position, _SIXTEENTH)
        if not self._position or rest or sixteenths >= _FURTHEST:
            return Resume(due, (START.data,), self._fresh)
        return Resume(due, (songpos(sixteenths).data, CONTINUE.data), self._fresh)

    def holds_back(self, data: bytes) -> bool:
        """Return whether a message is part of a running clock, not for a destination that has not joined it."""
        return data[0] == _POSITION or (self.clock_runs and data[0] > _POSITION and data != STOP.data)

    def _see_clock(self, due: float, data: bytes) -> None:
        if data == CLOCK.data:
            if self.clock_runs:
                self._position += 1
                self._periods = (self._periods[1], due - self._last)
                self._last, self._fresh = due, False
        elif data[0] == _POSITION:
            self._position = _SIXTEENTH * (data[1] | data[2] << 7)
        elif data in (START.data, CONTINUE.data):
            if data == START.data:
                self._position = 0
            self.clock_runs, self._fresh, self._last, self._periods = True, True, due, (math.inf, math.inf)
        elif data == STOP.data:
            self.clock_runs = False


def _place(data: bytes) -> tuple[int, int, int] | None:
    """Return what a channel message sets, in the order in which it is to be set again; None for what does not last."""
    kind, channel = data[0] & 0xF0, data[0] & 0x0F
    if kind == _CONTROL and data[1] in _BANKS:
        return channel, 0, data[1]
    if kind == _PROGRAM:
        return channel, 1, 0
    if kind == _CONTROL and data[1] < _MODES and data[1] != _PEDAL:  # a reset has lifted the pedal
        return channel, 2, data[1]
    return (channel, 3, 0) if kind == _BEND else None
