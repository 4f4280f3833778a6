"""The MIDI clock that is sent with the music.

Law: one clock leaves for each tick that is played, at its own moment, and none is repeated after a stall; a start, or a
position and a continue, comes before the first, a stop with the silence.

Clocks are handed over like notes, so that whatever times those times them. They are not early by a synth's latency: who
hears a clock is a sequencer.
"""

from __future__ import annotations

import math
from typing import Final

from bachd.music.event import TICKS
from bachd.music.message import CLOCK, CONTINUE, START, STOP, Message, songpos
from bachd.realtime.clock import Clock
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.transport import Conductor
from bachd.realtime.waiting import reach

_GROUP: Final = 6
"""Clocks that are handed over at once where the tempo is steady: fewer wakings."""
_SIXTEENTH: Final = TICKS // 4
_FURTHEST: Final = 1 << 14
"""Sixteenths that a Song Position Pointer can count."""
_PATIENCE: Final = 1.0
"""Seconds between two looks while nothing is to be sent."""


class Pulse:
    """The clock of a run, or none at all."""

    def __init__(self, *, sends: bool = False, while_stopped: bool = False) -> None:
        """sends: whether anything is sent. while_stopped: whether clocks go on while the music stands still."""
        self._sends = sends
        self._idles = sends and while_stopped
        self._next = 0  # the first tick whose clock has not been handed over
        self._origin: int | None = None  # the tick of the last start
        self._runs = False
        self._began: tuple[float, int | None] = (0.0, None)  # when it last was, and `_origin` before that
        self._last = -math.inf  # the deadline of what was handed over last

    def prepare(self, tick: int, conductor: Conductor, now: float) -> None:
        """The music begins with `tick`, whenever that is; until then there are only the clocks of standing still."""
        self._next = tick
        if self._idles and not self._runs:
            self._next = min(tick, conductor.tick(max(now, self._last)) + 1)

    def start(self, output: Output, tick: int, conductor: Conductor) -> None:
        """Say that `tick` comes next, unless that is known: it is where the last clock has led to."""
        if not self._sends or self._runs:
            return
        self._runs, self._next = True, tick
        due = max(self._last, (conductor.due(tick - 1) + conductor.due(tick)) / 2)
        self._began = (due, self._origin)
        sixteenths, rest = divmod(tick - (tick if self._origin is None else self._origin), _SIXTEENTH)
        if self._origin is None or rest or sixteenths >= _FURTHEST:
            self._origin = tick
            self._send(output, due, tick, START)
        else:
            self._send(output, due, tick, songpos(sixteenths), CONTINUE)

    def rewind(self) -> None:
        """What comes next is a beginning: a start, and no position."""
        self._origin = None

    async def reach(self, tick: int, ahead: float, conductor: Conductor, clock: Clock, output: Output) -> bool:
        """As `waiting.reach`; the clocks before `tick` are handed over meanwhile."""
        group = 1 if conductor.follows else _GROUP
        while self._sends and self._next < tick:
            if not await reach(self._next, ahead, conductor, clock):
                return False
            for each in range(self._next, min(self._next + group, tick)):
                self._send(output, conductor.due(each), each, CLOCK)
                self._next = each + 1
        return await reach(tick, ahead, conductor, clock)

    def stop(self, output: Output, due: float, tick: float) -> None:
        """The music ends at `due`, and what was to come after that is taken back."""
        self._last = min(self._last, due)
        began, origin = self._began
        if self._runs and began > due:  # the start was taken back, too
            self._runs, self._origin = False, origin
        elif self._runs:
            self._runs = False
            self._send(output, due, tick, STOP)

    def idle(self, output: Output, conductor: Conductor, now: float) -> float:
        """The music stands still; returns when to look again, in monotonic seconds."""
        if not self._idles:
            return now + _PATIENCE
        period = 60.0 / (conductor.bpm * TICKS)
        due = max(now, self._last + period)
        while due < now + conductor.lead:
            self._send(output, due, self._next, CLOCK)
            due += period
        return now + conductor.lead / 2

    def _send(self, output: Output, due: float, tick: float, *messages: Message) -> None:
        self._last = max(self._last, due)
        output.send([TimedMessage(self._last, tick, message) for message in messages])
