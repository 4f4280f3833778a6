"""Describe the texture of a piece: how many voices it has, and how far each reaches.

Law: a texture follows from what is written alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd.music.piece import Piece

_SLACK: Final = 1
"""Semitones beyond its written range that a voice may reach."""


@dataclass(frozen=True, slots=True)
class Texture:
    """Number and range of a piece's voices."""

    voices: int
    """The most usual number of notes that sound at once."""
    ranges: tuple[tuple[int, int], ...]
    """Lowest and highest pitch of each voice, from the bottom up; empty for other than three or four voices."""
    chords: float = 0.0
    """Share of the onsets, in music of one voice, at which more than one note starts."""

    @classmethod
    def of(cls, piece: Piece) -> Texture:
        """The texture of a piece."""
        ticks: dict[int, int] = {}
        for event in piece.events:
            if event.sounding:
                ticks[len(event.sounding)] = ticks.get(len(event.sounding), 0) + event.ticks
        if not ticks:
            return cls(1, ())
        voices = max(ticks, key=lambda count: ticks[count])
        if 2 * ticks[voices] < sum(ticks.values()):  # they come and go
            return cls(min(voices, 2), ())
        columns = zip(*(event.sounding for event in piece.events if len(event.sounding) == voices), strict=True)
        if voices > 2:
            return cls(voices, tuple((min(column) - _SLACK, max(column) + _SLACK) for column in columns))
        struck = [len(event.starts) for event in piece.events if event.starts]
        return cls(voices, (), sum(notes > 1 for notes in struck) / len(struck) if voices == 1 and struck else 0.0)
