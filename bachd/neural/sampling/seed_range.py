"""Choose the range of pitches for music that stays near its seed piece."""

from __future__ import annotations

from typing import Final

from bachd.music.piece import Piece

MARGIN: Final = 2
"""Semitones that the music may go beyond the range of its seed piece, at each end."""
NARROWEST: Final = 24
"""Semitones that it may always use, however narrow its seed piece is."""


def range_near(piece: Piece, limits: tuple[int, int]) -> tuple[int, int]:
    """The range of a piece and MARGIN more at each end, within the limits, and NARROWEST wide where they are."""
    pitches = [pitch for event in piece.events for pitch in event.sounding if limits[0] <= pitch <= limits[1]]
    if not pitches:
        return limits
    low, high = min(pitches) - MARGIN, max(pitches) + MARGIN
    while high - low < NARROWEST:
        low, high = low - 1, high + 1
    return max(low, limits[0]), min(high, limits[1])
