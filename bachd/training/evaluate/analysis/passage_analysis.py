"""Analyse a passage: its keys, voices, lines, phrases and cadences.

Law: each result is computed once, when it is first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bachd.music.event import TICKS
from bachd.training.evaluate.analysis import cadences, keys, resting_points, themes, voices
from bachd.training.evaluate.analysis.passage import Floats, Ints, Line, Passage
from bachd.training.evaluate.analysis.resting_points import RestingPoint

CLOSE: Final = 8
"""Quarters at the end of a piece that say in which key it ends."""


@dataclass(frozen=True)
class Analysis:
    """A passage with what several figures are counted from, each worked out when it is first asked for."""

    passage: Passage

    @cached_property
    def table(self) -> Floats:
        """Pitches that sound in each quarter of the piece."""
        return keys.spelled(self.passage.piece)

    @cached_property
    def path(self) -> Ints:
        """The key of each quarter of the piece."""
        return keys.path(self.table)

    @property
    def seam(self) -> int:
        """The quarter from which on is counted."""
        return self.passage.start // TICKS

    @cached_property
    def home(self) -> int:
        """The key of the whole piece."""
        return keys.key_of(self.table.sum(axis=0))

    @cached_property
    def opening(self) -> int:
        """The key of the bars before the passage."""
        return keys.key_of(self.table[: self.seam].sum(axis=0))

    @cached_property
    def close(self) -> int:
        """The key of the last quarters."""
        return keys.key_of(self.table[-CLOSE:].sum(axis=0))

    @cached_property
    def voices(self) -> Ints:
        """The four voices of what is counted."""
        return voices.of(self.passage)

    @cached_property
    def lines(self) -> tuple[tuple[Line, Ints], tuple[Line, Ints]]:
        """Top and bottom line of the piece, with their steps of the scale."""
        top, bottom = self.passage.top, self.passage.bottom
        return (top, themes.scale_steps(top, self.path)), (bottom, themes.scale_steps(bottom, self.path))

    @cached_property
    def rests(self) -> list[RestingPoint]:
        """The resting points that are counted; the last chord of the piece is one."""
        passage = self.passage
        found = [point for point in resting_points.find(passage.piece, passage.onsets) if point.tick >= passage.start]
        last = self.last_chord
        return [point for point in found if point.index < last] + [RestingPoint(last, passage.onsets[last])]

    def cadence(self, index: int) -> str | None:
        """The cadence that ends with an event of the piece."""
        return cadences.kind(self.passage.piece.events, index, int(self.path[self.passage.onsets[index] // TICKS]))

    @cached_property
    def last_chord(self) -> int:
        """Index of the last event of the piece in which anything sounds."""
        events = self.passage.piece.events
        return next((index for index in range(len(events) - 1, -1, -1) if events[index].sounding), len(events) - 1)
