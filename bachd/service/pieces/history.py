"""Remember the last pieces of a run, and which of them is heard.

Law: a piece is heard from its first note on; in the rest after it, it is the one that was heard last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import Final

from bachd.music.piece import Origin, Step
from bachd.service.pieces.played import Played

MOST: Final = 20
"""Pieces that are remembered."""


class PlayedPieces:
    """The last pieces of a run, as they are composed for the player. For the event loop."""

    def __init__(self) -> None:
        self._steps: dict[int, list[Step]] = {0: []}  # by the numbers of the pieces
        self._whole = False  # whether the newest is over
        self._unsent = False  # whether the player still has the step that was composed last
        self._begins = 0.0  # when the newest is first heard, in monotonic seconds
        self._waiting: list[Callable[[Played], None]] = []  # for the newest to be over

    def add(self, step: Step) -> None:
        """Remember a step that the player is given, and what it says of the piece before it."""
        self._unsent = True
        if step.opens or step.origin is Origin.BREATH:
            self._end()
        if step.opens:
            self._steps[self._newest + 1] = []
            self._whole, self._begins = False, inf
            while len(self._steps) > MOST:
                del self._steps[min(self._steps)]
        if step.origin is not Origin.BREATH:
            self.newest.append(step)

    def on_sent(self, due: float) -> None:
        """Note that the step was sent, and sounds at `due`, in monotonic seconds."""
        self._unsent = False
        self._begins = min(self._begins, due)

    def drop_unsent(self) -> None:
        """Forget the step that was composed last if the player has not sent it: it never will."""
        if self._unsent and not self._whole and self.newest:
            self.newest.pop()
            if not self.newest and self._newest > 0:
                del self._steps[self._newest]
                self._whole, self._begins = self._newest > 0, 0.0
        self._unsent = False

    @property
    def newest(self) -> list[Step]:
        """The piece that was begun last, as far as it was composed."""
        return self._steps[self._newest]

    @property
    def number(self) -> int:
        """The number of the piece that is heard, counted from 1; 0 before the first."""
        newest = self._newest
        return newest - 1 if newest > 1 and monotonic() < self._begins else newest

    @property
    def is_between(self) -> bool:
        """Whether a piece is over, and nothing of the newest has been sent."""
        return self._newest > 1 and self._begins == inf

    def get(self, number: int) -> Sequence[Step]:
        """A piece as far as it was composed; empty if it is not remembered."""
        return self._steps.get(number, ())

    def all(self) -> list[Played]:
        """All that are remembered, the newest last, as far as they were sent."""
        newest = self._newest
        found = {**self._steps, newest: self.newest[:-1] if self._unsent and not self._whole else self.newest}
        return [
            Played(number, steps[0].piece, tuple(steps), self._whole or number < newest)
            for number, steps in found.items()
            if steps
        ]

    def when_whole(self, number: int, call: Callable[[Played], None]) -> None:
        """Call with a piece once it is over, or at once; it must be one of `all`."""
        played = next(each for each in self.all() if each.number == number)
        if played.whole:
            call(played)
        else:
            self._waiting.append(call)

    @property
    def _newest(self) -> int:
        return max(self._steps)

    def _end(self) -> None:
        if self._whole or not self.newest:
            return
        self._whole = True
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call(self.all()[-1])
