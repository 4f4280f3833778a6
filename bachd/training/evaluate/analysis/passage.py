"""Define a passage: the part of a piece that is counted, and its lines.

Law: Bach's pieces and a bundle's are cut at the same place, after their first bars, and read by the same code.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.music.event import TICKS, Event
from bachd.music.piece import Piece

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BARS: Final = 4
"""Full bars at the start of a piece that are not counted: a bundle takes them from its seed."""


@dataclass(frozen=True, slots=True)
class Line:
    """The N notes of the highest or the lowest line, in order."""

    onsets: Ints
    """Shape (N,): ticks from the start of the piece."""
    pitches: Ints
    """Shape (N,): MIDI numbers."""
    gaps: Ints
    """Shape (N,): ticks to the next onset; of the last note, its own length."""

    def __len__(self) -> int:
        return len(self.onsets)


@dataclass(frozen=True)
class Passage:
    """A piece, of which only what comes after its first bars is counted."""

    piece: Piece
    """From its first event on: its opening says what home is and what themes there are."""
    start: int
    """Ticks from which on is counted."""
    source: str
    """Name of Bach's piece that the opening is from."""
    final_bass: int
    """Pitch class of the last bass note of that piece."""
    cut_off: bool = False
    """Whether the piece had not ended by itself when it was ended."""

    @cached_property
    def onsets(self) -> list[int]:
        """The tick at which each event of the piece begins, and the end of the last."""
        return list(accumulate((event.ticks for event in self.piece.events), initial=0))

    @cached_property
    def first(self) -> int:
        """Index of the first event of the piece that is counted."""
        return bisect_right(self.onsets, self.start - 1)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events that are counted."""
        return self.piece.events[self.first :]

    @property
    def quarters(self) -> float:
        """Length of what is counted."""
        return (self.piece.ticks - self.start) / TICKS

    @cached_property
    def bars(self) -> float:
        """Length of what is counted, in bars of the metre at its start."""
        return (self.piece.ticks - self.start) / self.piece.grid.place(self.start).metre.bar

    @cached_property
    def top(self) -> Line:
        """The highest notes of the whole piece, where they start."""
        return _line(self.piece.events, self.onsets, highest=True)

    @cached_property
    def bottom(self) -> Line:
        """The lowest notes of the whole piece, where they start."""
        return _line(self.piece.events, self.onsets, highest=False)

    def counted(self, line: Line) -> int:
        """Number of a line's notes that are counted: its last ones."""
        return len(line) - int(np.searchsorted(line.onsets, self.start))


def passages(pieces: Iterable[Piece]) -> list[Passage]:
    """Bach's pieces as passages; those that are over before anything is counted are left out."""
    found = []
    for piece in pieces:
        start = piece.grid.bar_tick(BARS + (1 if piece.grid.upbeat else 0))
        bass = final_bass(piece)
        if bass is not None and piece.ticks - start >= BARS * TICKS:
            found.append(Passage(_split(piece, start), start, piece.name, bass))
    return found


def final_bass(piece: Piece) -> int | None:
    """Pitch class of the lowest note of the last chord; None if the piece holds no note."""
    last = next((event.sounding for event in reversed(piece.events) if event.sounding), None)
    return last[0] % 12 if last else None


def _split(piece: Piece, at: int) -> Piece:
    """The same piece with an event boundary at a tick."""
    return Piece(piece.name, tuple(_cut(piece.events, at)), piece.grid, piece.bpm)


def _cut(events: Iterable[Event], at: int) -> Iterator[Event]:
    tick = 0
    for event in events:
        if tick < at < tick + event.ticks:
            yield Event(event.starts, event.held, at - tick)
            yield Event((), event.sounding, tick + event.ticks - at)
        else:
            yield event
        tick += event.ticks


def _line(events: Iterable[Event], onsets: list[int], *, highest: bool) -> Line:
    index = -1 if highest else 0
    found = [
        (tick, event.sounding[index], event.ticks)
        for tick, event in zip(onsets, events, strict=False)
        if event.sounding and event.sounding[index] in event.starts
    ]
    if not found:
        return Line(*(np.zeros(0, np.int64) for _ in range(3)))
    ticks, pitches, lengths = (np.array(column, np.int64) for column in zip(*found, strict=True))
    return Line(ticks, pitches, np.append(np.diff(ticks), lengths[-1]))
