"""The rolling window: what the network knows of the piece so far.

Law: the window always holds exactly CONTEXT rows; a piece younger than that is preceded by its start and by padding.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from bachd.music.event import Event
from bachd.music.metre import Place
from bachd.neural import features
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.runtime import Int8Array

Saved: TypeAlias = tuple[Int8Array, tuple[int, ...]]
"""What `Context.save` gives."""


class Context:
    """The last CONTEXT events as the trunk's input. Of no use before its first `reset`."""

    def __init__(self, zero: int, one: int, width: int = features.ROW) -> None:
        """`zero` and `one` are the bytes that stand for 0 and 1 in the trunk's input, which reads `width` columns."""
        self._zero = zero
        self._one = one
        self._width = width
        self.window: Int8Array = np.full((1, 1, features.CONTEXT, width), zero, np.int8)
        """Shape (1, 1, CONTEXT, width), the newest row last. The same array at all times."""
        self._rows = self.window[0, 0]
        self._newest = memoryview(self._rows[-1])  # setting single bytes here is faster than in the array
        self._sounded: tuple[int, ...] = ()

    def reset(self, place: Place, outlook: Outlook = NOWHERE) -> None:
        """Forget everything: the next event is the first of a piece and begins at `place`."""
        self._rows.fill(self._zero)
        self._rows[:-1, features.PADDING] = self._one
        self._set(features.before_start(place, outlook))
        self._sounded = ()

    def push(self, event: Event, following: Place, outlook: Outlook = NOWHERE) -> None:
        """Take in an event that `features.to_layout` returned; the next one begins at `following`."""
        rows = self._rows
        rows[:-1] = rows[1:]
        rows[-1].fill(self._zero)
        self._set(features.columns(event, self._sounded, following, outlook))
        self._sounded = event.sounding

    def look(self, outlook: Outlook) -> None:
        """Know something else of the next event than was said when the last one was taken in."""
        self._rows[-1, features.OUTLOOK : features.DEGREE] = self._zero
        self._set(features.outlook_columns(outlook))

    def _set(self, columns: list[int]) -> None:
        newest, one, width = self._newest, self._one, self._width
        for column in columns:
            if column < width:
                newest[column] = one

    def save(self) -> Saved:
        """What `restore` needs to come back to this moment."""
        return self._rows.copy(), self._sounded

    def restore(self, saved: Saved) -> None:
        """Know again what was known when this was saved, by this context."""
        rows, self._sounded = saved
        self._rows[:] = rows
