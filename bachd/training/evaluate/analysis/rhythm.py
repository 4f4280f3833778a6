"""Measure the rhythm of the top line: variety of lengths, and repetition of bars.

Law: the length of a note is the time to the next note of its line.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import log2
from typing import Final

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis.passage import Line, Passage

_LOOKBACK_BARS: Final = 4
_LONG: Final = TICKS


def lengths(passage: Passage, line: Line) -> Counter[int]:
    """The lengths of the notes counted, in ticks."""
    return Counter(line.gaps[len(line) - passage.counted(line) :].tolist())


def entropy(counts: Counter[int]) -> float:
    """Bits of a distribution."""
    total = counts.total()
    return -sum(count / total * log2(count / total) for count in counts.values())


def commonest(counts: Counter[int]) -> float:
    """Share of the most frequent value."""
    return max(counts.values()) / counts.total()


def repeated_bars(passage: Passage) -> tuple[int, int]:
    """Bars counted whose onsets stood in one of the four bars before, and all bars."""
    bars: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for event, place in passage.piece.placed():
        if event.starts:
            bars[place.bar].add((place.phase, place.metre.bar))
    first = passage.piece.grid.place(passage.start).bar
    counted = [bar for bar in sorted(bars) if bar >= first]
    repeated = sum(any(bars.get(bar - back) == bars[bar] for back in range(1, _LOOKBACK_BARS + 1)) for bar in counted)
    return repeated, len(counted)


def usual(passage: Passage) -> int:
    """Median length of an event, in ticks."""
    ticks = sorted(event.ticks for event in passage.piece.events)
    return ticks[len(ticks) // 2]


def long_stops(passage: Passage) -> int:
    """Count pauses, the end aside: nothing starts for three usual lengths of an event and a quarter at least."""
    least = max(_LONG, 3 * usual(passage))
    stops, still = 0, 0
    for event in passage.events[:-1]:
        still = event.ticks if event.starts else still + event.ticks
        if still >= least > still - event.ticks:
            stops += 1
    return stops
