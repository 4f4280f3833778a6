"""Where a piece has got to: all that changes with each event, and the way back.

Law: going back to a mark and taking in the same events again leads to the same state.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from bachd.music.event import Event
from bachd.music.keys import Key
from bachd.music.loop_detector import FreezeDetector, LoopDetector
from bachd.music.metre import Grid, Place
from bachd.neural.context import Context, Saved
from bachd.neural.memory import Mark as MemoryMark
from bachd.neural.memory import Memory


@dataclass(frozen=True, slots=True)
class Mark:
    """What `MusicState.resume` needs to come back to a moment."""

    grid: Grid
    tick: int
    place: Place
    last: Event
    freeze: FreezeDetector
    loop: LoopDetector
    context: Saved
    memory: Memory
    remembered: MemoryMark


class MusicState:
    """What is known of the piece that is composed. Of no use before its first `begin`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.freeze = FreezeDetector()
        self.loop = LoopDetector()
        self.begin(Grid(), Key(0))

    def begin(self, grid: Grid, home: Key) -> None:
        """Start a piece; what freezes or goes round in circles may reach across pieces."""
        self.grid = grid
        self.tick = 0
        self.place = grid.place(0)
        self.last = Event((), (), 1)
        self.memory = Memory(home)
        self.context.reset(self.place)

    def push(self, event: Event) -> None:
        """Take in an event that `features.to_layout` returned."""
        self.freeze.add(event, self.place.metre)
        self.loop.add(event)
        self.memory.push(event)
        self.tick += event.ticks
        self.place = self.grid.place(self.tick)
        self.context.push(event, self.place)
        self.last = event

    def rest(self, event: Event, place: Place) -> None:
        """Take in a rest between two pieces."""
        self.freeze.add(event, place.metre)
        self.loop.add(event)

    def is_stuck_with(self, event: Event) -> bool:
        """Whether the music would freeze, or go round in circles, with this event."""
        return self.freeze.would_freeze(event, self.place.metre) or self.loop.would_loop(event)

    def mark(self) -> Mark:
        """The present moment."""
        return Mark(
            self.grid,
            self.tick,
            self.place,
            self.last,
            copy(self.freeze),
            copy(self.loop),
            self.context.save(),
            self.memory,
            self.memory.mark(),
        )

    def resume(self, mark: Mark) -> None:
        """Go back to the moment when this mark was made."""
        self.grid, self.tick, self.place, self.last = mark.grid, mark.tick, mark.place, mark.last
        self.freeze, self.loop = copy(mark.freeze), copy(mark.loop)
        self.context.restore(mark.context)
        self.memory = mark.memory
        self.memory.rewind(mark.remembered)
