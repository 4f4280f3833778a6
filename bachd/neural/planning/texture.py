"""Describe the texture of a piece: how many voices it has, and how far each reaches.

Law: a texture follows from what is written alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bachd.music.piece import Piece

_CHOIR: Final = 4
"""Voices from which on there are always as many, in music that has so many most of the time."""
_ALWAYS: Final = 0.8
"""That share of the time."""
_RARE: Final = 0.02
"""Share of the chords, the fullest ones, that say nothing of how many voices there are."""
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
    most: int | None = None
    """Notes that sound at most, but for a few chords; None in music of one voice."""
    last: int = 0
    """Notes of the chord that the piece ends with; 0 is not known."""

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
        last = next(len(event.sounding) for event in reversed(piece.events) if event.sounding)
        if voices >= _CHOIR and ticks[voices] >= _ALWAYS * sum(ticks.values()):
            columns = zip(*(event.sounding for event in piece.events if len(event.sounding) == voices), strict=True)
            return cls(voices, tuple((min(column) - _SLACK, max(column) + _SLACK) for column in columns), most=voices)
        struck = [event for event in piece.events if event.starts]
        if voices == 1:
            return cls(
                1, (), sum(len(event.starts) > 1 for event in struck) / len(struck) if struck else 0.0, last=last
            )
        sizes = sorted(len(event.sounding) for event in struck)
        usual = voices if 2 * ticks[voices] >= sum(ticks.values()) else min(voices, 2)  # or they come and go
        return cls(usual, (), most=sizes[-1 - int(_RARE * len(sizes))] if sizes else None, last=last)
