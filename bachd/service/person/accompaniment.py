"""Harmonise the melody of a .mid file, as a person's is who plays it.

Law: nothing of what follows in the file is known when a note is harmonised; the melody itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from bachd.config import TOGETHER_VOICES, Config
from bachd.errors import UsageError
from bachd.music.piece import Origin, Piece, Step
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.melody import harmonise, line
from bachd.service.factory import open_harmoniser, read_midi

_LOWEST: Final = 127
"""More places from the top than a chord has notes."""


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """A melody, and who harmonises it."""

    piece: Piece
    harmoniser: Harmoniser

    lowest: bool = False
    """Whether the melody is the lowest notes of the piece, not the highest."""

    def steps(self) -> Iterator[Step]:
        """Yield the melody with its other voices. Raises ModelError."""
        tick = 0
        for event in harmonise(self.harmoniser, line(self.piece.events, _LOWEST if self.lowest else 0)):
            yield Step(event, self.piece.grid.place(tick), Origin.MODEL, self.piece.name, opens=tick == 0)
            tick += event.ticks


def open_accompaniment(config: Config, melody: Path, rng: int) -> Accompaniment:
    """Read a melody, the highest notes of a .mid file, or the lowest for a bass, and open what harmonises it.

    Raises UsageError if it holds no notes, SeedError if it cannot be read, and ModelError.
    """
    piece = read_midi(melody, "--with")
    if not any(event.sounding for event in piece.events):
        raise UsageError(f"--with: {melody} holds no notes; give a .mid file with a melody")
    voice = TOGETHER_VOICES.index(config.together_voice)
    lowest = voice == len(TOGETHER_VOICES) - 1
    return Accompaniment(piece, open_harmoniser(config, Random(rng), grid=piece.grid, voice=voice), lowest)
