"""What the master of a MIDI clock says: his time, whether he plays, and where he is in his song.

Law: one master is listened to, the first who sends a clock; who else does is ignored as long as the first goes on.
Nothing is silent without a word: `condition` says why.

Song positions are ticks, one for each clock since the last start; the clock after a start is position 0, the one after
a Song Position Pointer of n is 6 n. A clock that has been lost goes on by itself, and so does one that cannot be right.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import TICKS
from bachd.sync.tempo_tracker import FASTEST, SLOWEST, Follower

CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
"""Status bytes of the messages that a master sends."""
HEARD: Final = frozenset((CLOCK, START, CONTINUE, STOP, POSITION))

_SIXTEENTH: Final = TICKS // 4
_UNASKED: Final = TICKS
"""Clocks after which a master is believed to play whose start was not heard: a beat, to know his tempo."""


class Master:
    """A master, from what is heard. Pure: each message is given with its moment."""

    def __init__(self, *, wait_for_start: bool = False) -> None:
        """wait_for_start: whether clocks alone, without a start or a continue, are never taken for music."""
        self._believes_clocks = not wait_for_start
        self.running = False
        """Whether he plays, and when is known."""
        self.epoch = 0
        """Another number whenever he has started, stopped or jumped."""
        self._follower = Follower()
        self._source: str | None = None
        self._ignored: str | None = None
        self._told = False  # whether he has ever said that he starts, stops or goes on
        self._unasked = 0  # clocks that came without that
        self._plays = False
        self._fresh = False  # whether the next clock is the first at `_position`
        self._position = 0  # of the next clock, while he stands still
        self._zero = 0  # number of the clock at position 0

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, now or when they were last known."""
        return self._follower.bpm

    def moment(self, position: float) -> float:
        """When he is there, in monotonic seconds; as far as is known now."""
        return self._follower.moment(position + self._zero)

    def position(self, moment: float) -> float:
        """Where he is at a moment; negative between a start and its first clock."""
        return self._follower.number(moment) - self._zero

    def count_by(self, bar: int) -> None:
        """His bars begin with his song, whatever their length."""

    def hear(self, moment: float, data: bytes, source: str) -> None:
        """A message has come in at `moment`, in monotonic seconds.

        source: whoever sent it, as far as the system tells; the same text for the same sender.
        """
        if data[0] not in HEARD or not self._is_ours(moment, data, source):
            return
        if data[0] == CLOCK:
            self._clock(moment)
        elif data[0] == POSITION:
            self._point(moment, _SIXTEENTH * (data[1] | data[2] << 7))
        else:
            self._told = True
            if data[0] == STOP:
                self._stop()
            elif data[0] == START:
                self._start(moment, 0)
            elif not self._plays:
                self._start(moment, self._position)

    def condition(self, now: float) -> str:
        """What a person should know: why there is silence, or what is wrong with the clock; '' if all is well."""
        follower, lost = self._follower, self._follower.is_lost(now)
        if follower.wild is not None and not lost:
            limits = f"the MIDI clock runs at {follower.wild:.0f} bpm, outside {SLOWEST:.0f} to {FASTEST:.0f}"
            return f"{limits}: {'playing on without it' if self.running else 'waiting'}"
        if not self.running:
            if follower.last is None:
                return "waiting for a MIDI clock"
            if not self._told:
                if lost:
                    return "waiting for the MIDI clock to go on"
                return "listening to the MIDI clock" if self._believes_clocks else "waiting for the MIDI clock's start"
            return "stopped by the MIDI clock" if not self._plays else "waiting for the MIDI clock after its start"
        if lost:
            return "the MIDI clock is lost: playing on without it"
        if follower.unsteady:
            return "the MIDI clock is unsteady: do two masters send to one port?"
        return f"two MIDI clocks: following {self._source}, not {self._ignored}" if self._ignored else ""

    def _is_ours(self, moment: float, data: bytes, source: str) -> bool:
        if self._source is None or self._follower.is_lost(moment):
            self._source = source
        if self._ignored == self._source:
            self._ignored = None
        if source != self._source and data[0] == CLOCK:
            self._ignored = source
        return source == self._source

    def _clock(self, moment: float) -> None:
        if not self._plays and self._follower.is_lost(moment):
            self._follower.jump()
        self._follower.clock(moment)
        if self._fresh:
            self._fresh, self.running = False, True
            self._zero = self._follower.count - self._position
        if self._believes_clocks and not self._told and not self._plays and self._follower.wild is None:
            self._unasked += 1
            if self._unasked >= _UNASKED:
                self._start(moment, 0)

    def _start(self, moment: float, position: int) -> None:
        if self._fresh and position == self._position:
            return  # said twice
        self._plays, self._fresh, self._position = True, True, position
        self._zero = self._follower.count + 1 - position
        self.running = not self._follower.pauses(moment)
        if not self.running:
            self._follower.jump()
        self.epoch += 1

    def _stop(self) -> None:
        if self._plays:
            self._position = self._position if self._fresh else self._next
            self._plays = self._fresh = self.running = False
            self.epoch += 1

    def _point(self, moment: float, position: int) -> None:
        if not self._plays:
            self._position = position
        elif abs(position - self._next) > _SIXTEENTH:  # some masters say all the time where they are
            self._fresh = False
            self._start(moment, position)

    @property
    def _next(self) -> int:
        """Position of the next clock."""
        return self._follower.count + 1 - self._zero
