"""Send MIDI clock with the music: timing clocks, start, continue, stop and song position pointers.

MIDI 1.0 Detailed Specification 4.2, "System Real Time Messages" (F8, FA, FB, FC) and "System Common Messages" (F2).

Law: one clock leaves for each tick that is played, at its own moment, and none is repeated after a stall; a start, or a
position and a continue, comes before the first, a stop with the silence.

Clocks are sent ahead like notes, so that whatever times those times them. They do not leave early by a synth's latency:
their receiver is a sequencer.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Final

from bachd.music.event import TICKS
from bachd.music.message import CLOCK, CONTINUE, START, STOP, Message, songpos
from bachd.realtime.clock import Clock
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.transport import Conductor
from bachd.realtime.wait_until import reach

_GROUP: Final = 6
"""Clocks that are sent in one call where the tempo is steady: fewer wakings."""
_SIXTEENTH: Final = TICKS // 4
_POSITIONS: Final = 1 << 14
"""Sixteenths that the 14 bits of a song position pointer can count."""
_IDLE_POLL: Final = 1.0
"""Seconds between two calls of `idle` while nothing is to be sent."""


class ClockMode(Enum):
    """Condition under which clocks are sent."""

    OFF = "off"
    PLAYING = "playing"
    """From a start or a continue to a stop."""
    ALWAYS = "always"
    """Between a stop and the next start, too, as a sequencer needs that keeps its tempo by them."""


class ClockSender:
    """The MIDI clock of a run."""

    def __init__(self, output: Output, conductor: Conductor, clock: Clock, mode: ClockMode) -> None:
        """Send nothing yet."""
        self._output = output
        self._conductor = conductor
        self._clock = clock
        self._mode = mode
        self._next = 0  # the first tick whose clock has not been sent
        self._origin: int | None = None  # the tick of the last start
        self._runs = False
        self._began: tuple[float, int | None] = (0.0, None)  # when it last was, and `_origin` before that
        self._last = -math.inf  # the deadline of what was sent last

    def use(self, output: Output, conductor: Conductor, mode: ClockMode, tick: int) -> None:
        """Send to this output, in this conductor's time, from `tick` on; another output or mode stops the clock."""
        if output is not self._output or mode is not self._mode:
            self.stop(self._conductor.due(tick), tick)
        if mode is not self._mode:
            self.rewind()
        self._output, self._conductor, self._mode = output, conductor, mode

    def prepare(self, tick: int) -> None:
        """Get ready for music that begins with `tick`; until then clocks are sent only if they always are."""
        self._next = tick
        if self._mode is ClockMode.ALWAYS and not self._runs:
            self._next = min(tick, self._conductor.tick(max(self._clock.now(), self._last)) + 1)

    def start(self, tick: int) -> None:
        """Send that `tick` comes next, unless the clock runs already: a start, or a position and a continue."""
        if self._mode is ClockMode.OFF or self._runs:
            return
        self._runs, self._next = True, tick
        due = max(self._last, (self._conductor.due(tick - 1) + self._conductor.due(tick)) / 2)
        self._began = (due, self._origin)
        sixteenths, rest = divmod(tick - (tick if self._origin is None else self._origin), _SIXTEENTH)
        if self._origin is None or rest or sixteenths >= _POSITIONS:
            self._origin = tick
            self._send(due, tick, START)
        else:
            self._send(due, tick, songpos(sixteenths), CONTINUE)

    def rewind(self) -> None:
        """Begin the next time with a start, without a position."""
        self._origin = None

    async def reach(self, tick: int, ahead: float) -> bool:
        """Wait as `waiting.reach` does, and send the clocks before `tick` meanwhile."""
        group = 1 if self._conductor.follows else _GROUP
        while self._mode is not ClockMode.OFF and self._next < tick:
            if not await reach(self._next, ahead, self._conductor, self._clock):
                return False
            for each in range(self._next, min(self._next + group, tick)):
                self._send(self._conductor.due(each), each, CLOCK)
                self._next = each + 1
        return await reach(tick, ahead, self._conductor, self._clock)

    def stop(self, due: float, tick: float) -> None:
        """Send a stop at `due`; what was to come after that has been retracted, perhaps even the start."""
        self._last = min(self._last, due)
        began, origin = self._began
        if self._runs and began > due:
            self._runs, self._origin = False, origin
        elif self._runs:
            self._runs = False
            self._send(due, tick, STOP)

    def idle(self) -> float:
        """Send clocks while the music does not play, if they always are; returns when to call this again."""
        now = self._clock.now()
        if self._mode is not ClockMode.ALWAYS:
            return now + _IDLE_POLL
        period = 60.0 / (self._conductor.bpm * TICKS)
        due = max(now, self._last + period)
        while due < now + self._conductor.lead:
            self._send(due, self._next, CLOCK)
            due += period
        return now + self._conductor.lead / 2

    def _send(self, due: float, tick: float, *messages: Message) -> None:
        self._last = max(self._last, due)
        self._output.send([TimedMessage(self._last, tick, message) for message in messages])
