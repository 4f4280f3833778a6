"""Keep what has sounded while a melody is harmonised: for the network, for the harmony graph, and as keys.

Law: nothing is known before it has sounded, but for the note of the melody that begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.music.loop_detector import FreezeDetector, LoopDetector
from bachd.music.metre import Grid, Place
from bachd.neural import features
from bachd.neural.context import Context
from bachd.neural.harmonise.melody_features import MelodyHistory
from bachd.neural.outlook import NOWHERE, Melody, Outlook

SILENCE: Final = 2
"""Bars of silence after which a new piece begins: the network knows no longer rests."""


class Past:
    """The music so far, and the event that sounds."""

    place: Place
    """Where the event that comes next begins."""
    history: MelodyHistory
    last: tuple[int, ...]
    """What sounded last, ascending."""
    quarter: tuple[int, ...]
    """What the quarter began with that `place` lies in, ascending; nothing where it begins there."""
    _note: int | None
    """The last one of the melody's voice, whoever played it."""

    def __init__(self, context: Context, grid: Grid, key: Key | None, voice: int = 0) -> None:
        """grid: the bar lines. key: of the melody, if it is known as a whole. voice: its place from the top."""
        self.context, self._grid, self._key, self._voice = context, grid, key, voice
        self._freeze, self._loop = FreezeDetector(), LoopDetector()
        self.sounding: Event | None = None
        """The event that sounds; it is known from `settle` on."""
        self._since = 0
        self._begin(0, lambda: NOWHERE)

    def settle(self, tick: int, look: Callable[[], Outlook]) -> Outlook:
        """Let the network know what has sounded until `tick`, and what `look` returns then of the event to come."""
        ticks, sounding = tick - self._since, self.sounding
        self._since = tick
        if sounding is None or ticks < 0 or (not sounding.sounding and ticks >= SILENCE * self.place.metre.bar):
            return self._begin(tick, look)
        outlook = NOWHERE
        parts = features.to_layout(Event(sounding.starts, sounding.held, ticks)) if ticks else ()
        for left, part in zip(range(len(parts) - 1, -1, -1), parts, strict=True):
            top = part.sounding[-1] if part.sounding else None
            self.history.push(top, part.ticks, self.place, starts=top in part.starts)
            if part.sounding:
                self._note = note = part.sounding[max(-len(part.sounding), -1 - self._voice)]
                self._played.push(note, part.ticks)
            outlook = look() if not left else self.given(note, held=True) if part.sounding else NOWHERE
            self._push(part, outlook)
        if not parts:  # what sounded was over at once, and is not known
            outlook = look()
            self.context.look(outlook)
        return outlook

    @property
    def to_quarter(self) -> int:
        """Ticks from `place` to the next quarter."""
        return TICKS - self.place.phase % TICKS

    def place_at(self, tick: int) -> Place:
        """Return the place of a tick that is no earlier than the event that sounds."""
        return self._bars.place(self._tick + tick - self._since)

    def history_until(self, tick: int) -> MelodyHistory:
        """Return what the highest voice will have been if its note is held until `tick`."""
        found, sounding = copy(self.history), self.sounding
        if sounding is not None and sounding.sounding:
            top = sounding.sounding[-1]
            found.push(top, tick - self._since, self.place, starts=top in sounding.starts)
        return found

    def given(self, pitch: int, *, held: bool) -> Outlook:
        """Return what is known where a note of the melody is given; held: whether it began before."""
        outlook = self._played.outlook(pitch, held=held)
        if self._voice:
            outlook = replace(outlook, given=None)  # for it would be taken for the highest note
        return outlook if self._key is None else replace(outlook, home=self._key, key=self._key)

    def unled(self) -> Outlook:
        """Return what is known where nobody plays the melody: the keys."""
        return NOWHERE if self._note is None else replace(self.given(self._note, held=False), given=None)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Take back whatever is settled meanwhile."""
        kept, context = vars(self).copy(), self.context.save()
        vars(self).update({name: copy(kept[name]) for name in ("_played", "history", "_freeze", "_loop")})
        try:
            yield
        finally:
            vars(self).update(kept)
            self.context.restore(context)

    def is_stuck_with(self, event: Event) -> bool:
        """Whether the music would stand still or go round in circles with this event."""
        return self._freeze.would_freeze(event, self.place.metre) or self._loop.would_loop(event)

    def _begin(self, tick: int, look: Callable[[], Outlook]) -> Outlook:
        """Forget everything; the next note is the first of a piece, whatever the place of `tick` in its bar."""
        place = self._grid.place(tick)
        self._bars = Grid(((0, place.metre),), place.phase and place.metre.bar - place.phase)
        self._tick, self.place = 0, self._bars.place(0)
        self._played, self.history = Melody(), MelodyHistory()
        self._note, self.last, self.quarter = None, (), ()
        outlook = look()
        self.context.reset(self.place, outlook)
        return outlook

    def _push(self, event: Event, outlook: Outlook) -> None:
        self._freeze.add(event, self.place.metre)
        self._loop.add(event)
        self._tick += event.ticks
        self.place = self._bars.place(self._tick)
        since = self.place.phase % TICKS
        if since <= event.ticks:
            self.quarter = event.sounding if since else ()
        self.context.push(event, self.place, outlook)
        self.last = event.sounding
