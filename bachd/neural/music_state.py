"""Where a piece has got to: all that changes with each event, and the way back.

Law: going back to a mark and taking in the same events again leads to the same state.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Final

from bachd.music.event import Event
from bachd.music.form.character import Tally
from bachd.music.form.habits import Cadence
from bachd.music.form.plan import Form, Phrase
from bachd.music.keys import Key
from bachd.music.loop_detector import FreezeDetector, LoopDetector
from bachd.music.metre import Grid, Place
from bachd.neural.context import Context, Saved
from bachd.neural.memory import Mark as MemoryMark
from bachd.neural.memory import Memory
from bachd.neural.outlook import Outlook, ahead


@dataclass(frozen=True, slots=True)
class Mark:
    """What `MusicState.resume` needs to come back to a moment."""

    grid: Grid
    form: Form
    tick: int
    place: Place
    last: Event
    outlook: Outlook
    freeze: FreezeDetector
    loop: LoopDetector
    context: Saved
    memory: Memory
    remembered: MemoryMark
    classes: tuple[int, ...]
    tally: Tally


_UNPLANNED: Final = Form(Key(0), 0, (Phrase(0, 0, 1, Key(0), Cadence.FINAL, "A"),))


class MusicState:
    """What is known of the piece that is composed. Of no use before its first `begin`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.freeze = FreezeDetector()
        self.loop = LoopDetector()
        self.begin(Grid(), _UNPLANNED)

    def begin(self, grid: Grid, form: Form) -> None:
        """Start a piece; what freezes or goes round in circles may reach across pieces."""
        self.grid = grid
        self.form = form
        self.tick = 0
        self.place = grid.place(0)
        self.last = Event((), (), 1)
        self.memory = Memory(form.home)
        self.classes: tuple[int, ...] = (0,) * 12
        """Ticks for which each pitch class has sounded in the piece, once for each voice."""
        self.tally = Tally()
        self.outlook = ahead(form, 0)
        """What is known of the next event."""
        self.context.reset(self.place, self.outlook)

    def follow(self, form: Form) -> None:
        """Go on with another plan."""
        self.form = form
        self.outlook = ahead(form, self.tick)
        self.context.look(self.outlook)

    def push(self, event: Event) -> None:
        """Take in an event that `features.to_layout` returned."""
        self.freeze.add(event, self.place.metre)
        self.loop.add(event)
        self.memory.push(event)
        classes = list(self.classes)
        for pitch in event.sounding:
            classes[pitch % 12] += event.ticks
        self.classes = tuple(classes)
        self.tally = self.tally.after(event)
        self.tick += event.ticks
        self.place = self.grid.place(self.tick)
        self.outlook = ahead(self.form, self.tick)
        self.context.push(event, self.place, self.outlook)
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
            self.form,
            self.tick,
            self.place,
            self.last,
            self.outlook,
            copy(self.freeze),
            copy(self.loop),
            self.context.save(),
            self.memory,
            self.memory.mark(),
            self.classes,
            self.tally,
        )

    def resume(self, mark: Mark) -> None:
        """Go back to the moment when this mark was made."""
        self.grid, self.form, self.tick, self.place = mark.grid, mark.form, mark.tick, mark.place
        self.last, self.outlook = mark.last, mark.outlook
        self.freeze, self.loop = copy(mark.freeze), copy(mark.loop)
        self.context.restore(mark.context)
        self.memory = mark.memory
        self.memory.rewind(mark.remembered)
        self.classes = mark.classes
        self.tally = mark.tally
