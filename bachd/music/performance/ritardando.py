"""Slow down into the end of a piece, and less into the end of a phrase.

Law: the pace of a step follows from the step, those around it and the amount alone; it is never faster than the tempo,
and back at it as soon as an ending is over.

The curve is that of Friberg and Sundberg 1999 ("Does music performance allude to locomotion? A model of final
ritardandi derived from measurements of stopping runners"): v(x) = (1 + (w^q - 1) x)^(1/q), where x is the place in the
score from the beginning of the ritardando, 0, to its last onset, 1; w is the pace there; and q = 3, as runners stop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from bachd.music.event import TICKS, Event
from bachd.music.form import cadence
from bachd.music.piece import Origin, Step

SIGHT: Final = 12 * TICKS
"""Ticks behind the end of a step that must be known to slow down into whatever ending comes."""
FINAL: Final = 0.6
"""What the last chord of a piece loses of its pace, if the amount is 1."""
INNER: Final = 0.25
"""The same for the last chord of a phrase."""

_SHORTEST: Final = 3 * TICKS
"""A piece slows down for the fewest whole bars that last as long as this."""
_PHRASE: Final = 2 * TICKS
"""Ticks for which a phrase slows down."""
_SETTLING: Final = 2
"""Bars at the beginning of a piece in which nothing slows down: they may be played before the rest is known."""
_Q: Final = 3


@dataclass(frozen=True, slots=True)
class _Ending:
    """A chord that music slows down into."""

    left: int
    """Ticks until it begins, from the beginning of the present step."""
    length: int
    """Ticks for which music slows down until then."""
    pace: float
    """Of the chord, as a share of the tempo."""

    def slows(self, ticks: int) -> bool:
        """Whether the present step is slowed down, if it has so many ticks."""
        return self.left - ticks < self.length

    def pace_over(self, ticks: int) -> float:
        """The pace at which the present step, if it has so many ticks, takes as long as it does under the curve."""
        begin = 1 - self.left / self.length
        end = begin + ticks / self.length
        before = max(0.0, -begin)
        after = max(0.0, end - max(1.0, begin))
        lasts = before + self._under(max(0.0, begin), min(1.0, end)) + after / self.pace
        return ticks / self.length / lasts

    def _under(self, begin: float, end: float) -> float:
        """Return the time that the curve takes from one of its places to another: the integral of 1 / v(x)."""
        if begin >= end:
            return 0.0
        fall = math.pow(self.pace, _Q) - 1
        root = 1 - 1 / _Q
        return (math.pow(1 + fall * end, root) - math.pow(1 + fall * begin, root)) / (fall * root)


def pace(before: Step | None, step: Step, ahead: Sequence[Step], amount: float) -> float:
    """Return the pace of `step`, as a share of the tempo.

    before: the step before it. ahead: those after it; what begins SIGHT ticks after its end or later does not count.
    amount: 0, not at all, to 1.
    """
    if not amount or step.origin is Origin.BREATH or step.place.bar < _SETTLING:
        return 1.0
    seen = list(_seen(step, ahead))
    ending = _final(seen, amount) or _inner(before, seen, amount)
    return ending.pace_over(step.event.ticks) if ending else 1.0


def _seen(step: Step, ahead: Sequence[Step]) -> Iterator[tuple[int, Step]]:
    """The present step and those that count after it, each with the ticks until it begins."""
    left = 0
    for each in chain([step], ahead):
        if left - step.event.ticks >= SIGHT:
            break
        yield left, each
        left += each.event.ticks


def _final(seen: Sequence[tuple[int, Step]], amount: float) -> _Ending | None:
    """The end of the piece, if the present step is slowed down by it."""
    (_, step), *_ = seen
    left = None
    for begin, each in seen:
        if begin and (each.opens or each.origin is Origin.BREATH):
            break
        if each.event.sounding:
            left, bar = begin, each.place.metre.bar
    else:
        return None
    if left is None:
        return None
    ending = _Ending(left, -(-_SHORTEST // bar) * bar, 1 - FINAL * amount)
    return ending if ending.slows(step.event.ticks) else None


def _inner(before: Step | None, seen: Sequence[tuple[int, Step]], amount: float) -> _Ending | None:
    """The next end of a phrase, if the present step is slowed down by it."""
    (_, step), *_ = seen
    earlier = Event((), (), 1) if before is None else before.event
    for (left, each), (_, after) in pairwise(seen):
        ending = _Ending(left, _PHRASE, 1 - INNER * amount)
        if not ending.slows(step.event.ticks):
            break
        if cadence.ends_phrase(earlier, each.event, each.place, after.event):
            return ending
        earlier = each.event
    return None
