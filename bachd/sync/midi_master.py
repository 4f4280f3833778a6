"""Track the master of a MIDI clock: its tempo, whether it plays, and its song position.

MIDI 1.0 Detailed Specification 4.2, "System Real Time Messages" and "Song Position Pointer".

Law: one master is followed, the first that sends a clock; others are ignored as long as the first goes on. There is no
silence without a reason: `condition` says why.

Song positions are ticks, one for each clock since the last start; the clock after a start is position 0, the one after
a Song Position Pointer of n is 6 n. If the clock is lost, or its tempo is out of range, the time goes on by itself.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import TICKS
from bachd.sync.tempo_tracker import FASTEST, SLOWEST, TempoTracker

CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
"""Status bytes of the messages that a master sends."""
MESSAGES: Final = frozenset((CLOCK, START, CONTINUE, STOP, POSITION))

_SIXTEENTH: Final = TICKS // 4
_ASSUMED: Final = TICKS
"""Clocks after which a master is assumed to play whose start was not received: a beat, to know its tempo."""


class MidiMaster:
    """The state of a master, from its messages. Pure: each message comes with its moment."""

    def __init__(self, *, wait_for_start: bool = False) -> None:
        """wait_for_start: whether clocks alone, without a start or a continue, are never taken for music."""
        self._believes_clocks = not wait_for_start
        self.running = False
        """Whether it plays, and its moments are known."""
        self.epoch = 0
        """A number that changes whenever it starts, stops or jumps."""
        self._tracker = TempoTracker()
        self._source: str | None = None
        self._ignored: str | None = None
        self._commanded = False  # whether it has ever sent a start, stop or continue
        self._uncommanded = 0  # clocks that came before any of these
        self._plays = False
        self._fresh = False  # whether the next clock is the first at `_position`
        self._position = 0  # of the next clock, while it stands still
        self._zero = 0  # number of the clock at position 0

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, now or when they were last known."""
        return self._tracker.bpm

    def moment(self, position: float) -> float:
        """Return when it reaches a position, in monotonic seconds, as far as is known now."""
        return self._tracker.moment(position + self._zero)

    def position(self, moment: float) -> float:
        """Return its position at a moment; negative between a start and its first clock."""
        return self._tracker.number(moment) - self._zero

    def set_bar_length(self, bar: int) -> None:
        """Do nothing: its bars begin with its song, whatever their length."""

    def receive(self, moment: float, data: bytes, source: str) -> None:
        """Take a message that came in at `moment`, in monotonic seconds.

        source: its sender, as far as the system knows it; the same text for the same sender.
        """
        if data[0] not in MESSAGES or not self._is_ours(moment, data, source):
            return
        if data[0] == CLOCK:
            self._clock(moment)
        elif data[0] == POSITION:
            self._locate(moment, _SIXTEENTH * (data[1] | data[2] << 7))
        else:
            self._commanded = True
            if data[0] == STOP:
                self._stop()
            elif data[0] == START:
                self._start(moment, 0)
            elif not self._plays:
                self._start(moment, self._position)

    def condition(self, now: float) -> str:
        """Return why there is silence, or what is wrong with the clock; '' if all is well."""
        tracker, lost = self._tracker, self._tracker.is_lost(now)
        if tracker.out_of_range is not None and not lost:
            limits = f"the MIDI clock runs at {tracker.out_of_range:.0f} bpm, outside {SLOWEST:.0f} to {FASTEST:.0f}"
            return f"{limits}: {'playing on without it' if self.running else 'waiting'}"
        if not self.running:
            if tracker.last is None:
                return "waiting for a MIDI clock"
            if not self._commanded:
                if lost:
                    return "waiting for the MIDI clock to go on"
                return "listening to the MIDI clock" if self._believes_clocks else "waiting for the MIDI clock's start"
            return "stopped by the MIDI clock" if not self._plays else "waiting for the MIDI clock after its start"
        if lost:
            return "the MIDI clock is lost: playing on without it"
        if tracker.unsteady:
            return "the MIDI clock is unsteady: do two masters send to one port?"
        return f"two MIDI clocks: following {self._source}, not {self._ignored}" if self._ignored else ""

    def _is_ours(self, moment: float, data: bytes, source: str) -> bool:
        if self._source is None or self._tracker.is_lost(moment):
            self._source = source
        if self._ignored == self._source:
            self._ignored = None
        if source != self._source and data[0] == CLOCK:
            self._ignored = source
        return source == self._source

    def _clock(self, moment: float) -> None:
        if not self._plays and self._tracker.is_lost(moment):
            self._tracker.jump()
        self._tracker.clock(moment)
        if self._fresh:
            self._fresh, self.running = False, True
            self._zero = self._tracker.count - self._position
        if self._believes_clocks and not self._commanded and not self._plays and self._tracker.out_of_range is None:
            self._uncommanded += 1
            if self._uncommanded >= _ASSUMED:
                self._start(moment, 0)

    def _start(self, moment: float, position: int) -> None:
        if self._fresh and position == self._position:
            return  # a repetition
        self._plays, self._fresh, self._position = True, True, position
        self._zero = self._tracker.count + 1 - position
        self.running = not self._tracker.pauses(moment)
        if not self.running:
            self._tracker.jump()
        self.epoch += 1

    def _stop(self) -> None:
        if self._plays:
            self._position = self._position if self._fresh else self._next
            self._plays = self._fresh = self.running = False
            self.epoch += 1

    def _locate(self, moment: float, position: int) -> None:
        if not self._plays:
            self._position = position
        elif abs(position - self._next) > _SIXTEENTH:  # some masters send their position all the time
            self._fresh = False
            self._start(moment, position)

    @property
    def _next(self) -> int:
        """Position of the next clock."""
        return self._tracker.count + 1 - self._zero
