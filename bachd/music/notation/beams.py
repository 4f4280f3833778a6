"""Beam the notes of a beat together.

Law: a beam never reaches over a beat or a rest; a beam of any level has at least two notes, or is a hook.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from bachd.music.event import TICKS
from bachd.music.metre import Metre

Mark: TypeAlias = Literal["begin", "continue", "end", "forward hook", "backward hook"]

_QUARTER: Final = TICKS


def group(metre: Metre) -> int:
    """Ticks that a beam may span: three units where they make a beat, such as in 12/8, and a quarter else."""
    return metre.beat if metre.compound else 3 * (4 * TICKS // 8) if (metre.beats, metre.unit) == (3, 8) else _QUARTER


def beams(flags: Sequence[int], starts: Sequence[int], span: int) -> list[tuple[Mark, ...]]:
    """Return the marks of each note, from the first level on.

    flags: how many each note would have alone, 0 for a rest or a long note. starts: ticks since the bar line.
    span: ticks that a beam may span.
    """
    found: list[tuple[Mark, ...]] = [() for _ in flags]
    for row in _rows(flags, starts, span):
        for index in row:
            levels = range(1, flags[index] + 1)
            found[index] = tuple(_mark(flags, level, index - row.start, row) for level in levels)
    return found


def _rows(flags: Sequence[int], starts: Sequence[int], span: int) -> list[range]:
    """The rows of at least two notes with flags that are in one span."""
    rows, begun = [], 0
    for index in range(1, len(flags) + 1):
        joined = index < len(flags) and flags[index - 1] and flags[index]
        if joined and starts[index - 1] // span == starts[index] // span:
            continue
        if index - begun > 1:
            rows.append(range(begun, index))
        begun = index
    return rows


def _mark(flags: Sequence[int], level: int, place: int, row: range) -> Mark:
    before = place > 0 and flags[row[place - 1]] >= level
    after = place + 1 < len(row) and flags[row[place + 1]] >= level
    if before and after:
        return "continue"
    if before or after:
        return "end" if before else "begin"
    return "backward hook" if place else "forward hook"
