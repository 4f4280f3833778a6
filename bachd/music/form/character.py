"""Count what a piece is like: how its outer lines move, how long its events last, how full they are, which notes start.

Law: a character is counted from what is written alone, and is the same in every key but for its pitch classes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from bachd.music.event import Event

REACH: Final = 9
"""Semitones up and down of the steps that are told apart; wider ones are one kind at each end."""
LENGTHS: Final = (1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96)
"""Ticks from which on events are told apart by their lengths."""
_FULL: Final = 5
"""Kinds of an event by how many notes sound, and by how many start: none to three, and more."""
_SIZES: Final = (2 * REACH + 1, 2 * REACH + 1, len(LENGTHS), _FULL * _FULL, 12)
"""Kinds in each group: steps of the top line, of the bottom line, lengths, densities, pitch classes."""
_TOP, _BOTTOM, _LENGTH, _DENSITY, _PITCH = _STARTS = tuple(sum(_SIZES[:group]) for group in range(len(_SIZES)))
_GROUPS: Final = tuple(slice(start, start + size) for start, size in zip(_STARTS, _SIZES, strict=True))
_FEWEST: Final = 32
"""Events of a piece from which on it has a character."""
MOST: Final = 1.0
"""Difference of logits by which anything drifts at most."""
FEW: Final = 30
"""Counts at which a drift is taken for half of what it seems."""


@dataclass(frozen=True, slots=True)
class Drift:
    """By how much more of each kind is expected than there has been, as differences of logits."""

    steps: Sequence[float]
    lengths: Sequence[float]
    classes: Sequence[float]
    ends: Sequence[float]
    """By a number of notes: of there being no more."""
    starts: Sequence[float]
    """By a number of notes that start: of there being more."""
    voices: int
    """Notes that there are usually at least, if they have been too few so far; otherwise 0."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What has been counted of a piece so far."""

    counts: Sequence[int] = (0,) * sum(_SIZES)
    top: int | None = None
    """The pitch that started last in the top line."""
    bottom: int | None = None

    def after(self, event: Event) -> Tally:
        """What has been counted after one event more."""
        return tally((event,), self)


def tally(events: Iterable[Event], before: Tally | None = None) -> Tally:
    """What some events count, together with what was counted before."""
    before = before or Tally()
    counts, top, bottom = list(before.counts), before.top, before.bottom
    for event in events:
        sounding, starts = event.sounding, event.starts
        counts[_LENGTH + bisect_right(LENGTHS, event.ticks) - 1] += 1
        counts[_DENSITY + _FULL * min(len(sounding), _FULL - 1) + min(len(starts), _FULL - 1)] += 1
        for pitch in starts:
            counts[_PITCH + pitch % 12] += 1
        if starts and starts[-1] == sounding[-1]:
            if top is not None:
                counts[_TOP + _step(top, starts[-1])] += 1
            top = starts[-1]
        if starts and starts[0] == sounding[0]:
            if bottom is not None:
                counts[_BOTTOM + _step(bottom, starts[0])] += 1
            bottom = starts[0]
    return Tally(counts, top, bottom)


class Character:
    """What a piece is like."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._is_known = len(events) >= _FEWEST
        counted = tally(events).counts
        self._seen = [counted[group] for group in _GROUPS]
        self._expected = [_logarithms(counts) for counts in self._seen]

    def deviation(self, found: Tally) -> float:
        """Nats by which what has been counted is unlike this character: relative entropy, times the counts."""
        if not self._is_known:
            return 0.0
        return sum(_nats(found.counts[group], each) for group, each in zip(_GROUPS, self._expected, strict=True))

    def drift(self, found: Tally) -> Drift | None:
        """By how much more of each kind is expected than has been counted; None for a piece without a character."""
        if not self._is_known:
            return None
        density, wanted = found.counts[_GROUPS[3]], self._seen[3]
        now, seen = ([sum(each[row : row + _FULL]) for row in range(0, len(each), _FULL)] for each in (density, wanted))
        ends = _fewer(now, seen)
        now_start, seen_start = ([sum(each[start::_FULL]) for start in range(_FULL)] for each in (density, wanted))
        starts = [-fewer for fewer in _fewer(now_start, seen_start)]
        steps, lengths, classes = (
            _differences(found.counts[_GROUPS[group]], self._seen[group], self._expected[group]) for group in (0, 2, 4)
        )
        return Drift(steps, lengths, classes, ends, starts, _lacking(now, seen))


def _differences(now: Sequence[int], seen: Sequence[int], expected: Sequence[float]) -> list[float]:
    sure = sum(now) / (sum(now) + FEW)
    return [
        sure * min(MOST, max(-MOST, wanted - had)) if one or other else 0.0
        for had, wanted, one, other in zip(_logarithms(now), expected, now, seen, strict=True)
    ]


def _fewer(now: Sequence[int], seen: Sequence[int]) -> list[float]:
    """By a number: of there being no more than that, where there are as many; by how often each number was counted."""
    return [
        _difference((now[number], sum(now[number + 1 :])), (seen[number], sum(seen[number + 1 :])))
        for number in range(_FULL - 1)
    ]


def _difference(now: tuple[int, int], seen: tuple[int, int]) -> float:
    """Of the logits of the first of two; none where either has not been seen in both."""
    if not all(had or wanted for had, wanted in zip(now, seen, strict=True)):
        return 0.0
    had, wanted = (log((each[0] + 0.5) / (each[1] + 0.5)) for each in (now, seen))
    total = sum(now)
    return total / (total + FEW) * min(MOST, max(-MOST, wanted - had))


def _lacking(now: Sequence[int], seen: Sequence[int]) -> int:
    """The number of notes that half of the events expected have at least, if fewer events than that have had it."""
    usual = max(notes for notes in range(len(seen)) if 2 * sum(seen[notes:]) >= sum(seen))
    return usual if usual > 1 and sum(now[usual:]) * sum(seen) < sum(seen[usual:]) * sum(now) else 0


def _step(before: int, pitch: int) -> int:
    return min(max(pitch - before, -REACH), REACH) + REACH


def _logarithms(counts: Sequence[int]) -> list[float]:
    """Logarithms of the shares expected. What is not written has been left for it by each kind that is, once.

    This is method C of Witten and Bell 1991, "The zero-frequency problem".
    """
    kinds = sum(map(bool, counts))
    total = max(1, sum(counts) + kinds)
    unseen = max(1, kinds) / max(1, len(counts) - kinds)
    return [log((count or unseen) / total) for count in counts]


def _nats(counts: Sequence[int], expected: Sequence[float]) -> float:
    """Relative entropy of counts to the logarithms of the shares expected, times their number: half of a G-test's G."""
    total = sum(counts)
    return sum(count * (log(count / total) - share) for count, share in zip(counts, expected, strict=True) if count)
