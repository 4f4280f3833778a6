"""Find pairs of settings of one tune: how near one composer comes to himself.

Law: two settings are compared note by note, so their melodies have the same lengths; a few notes may differ, as tunes
were sung differently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

from bachd.music.event import Event
from bachd.training.corpus.model import Work

_ALIKE: Final = 0.9
"""Share of the ticks at which the melodies have the same pitch."""


def pairs(works: Iterable[Work]) -> Iterator[tuple[Sequence[Event], Sequence[Event]]]:
    """Yield pairs of settings, the second moved to the pitch of the first."""
    groups: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        groups[work.group].append(work)
    for group in groups.values():
        for one, other in combinations(group, 2):
            moved = _moved(one.piece.events, other.piece.events)
            if moved is not None:
                yield one.piece.events, moved


def _moved(one: Sequence[Event], other: Sequence[Event]) -> Sequence[Event] | None:
    first, second = _tops(one), _tops(other)
    if len(first) != len(second):
        return None
    apart: dict[int, int] = defaultdict(int)
    for low, high in zip(first, second, strict=True):
        apart[low - high] += 1
    by = max(apart, key=lambda each: apart[each])
    if apart[by] < _ALIKE * len(first):
        return None
    return [
        Event(tuple(p + by for p in event.starts), tuple(p + by for p in event.held), event.ticks) for event in other
    ]


def _tops(events: Iterable[Event]) -> list[int]:
    """The highest note at each tick; 0 in a rest."""
    return [event.sounding[-1] if event.sounding else 0 for event in events for _ in range(event.ticks)]
