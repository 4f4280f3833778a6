"""Harmonise the melody of a .mid file, as a person's is who plays it.

Law: nothing of what follows in the file is known when a note is harmonised; the melody itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bachd.config import Config
from bachd.errors import UsageError
from bachd.music.piece import Origin, Piece, Step
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.melody import harmonise, top_line
from bachd.service.factory import open_harmoniser, read_midi


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """A melody, and who harmonises it."""

    piece: Piece
    harmoniser: Harmoniser

    def steps(self) -> Iterator[Step]:
        """Yield the melody with its other voices. Raises ModelError."""
        tick = 0
        for event in harmonise(self.harmoniser, top_line(self.piece.events)):
            yield Step(event, self.piece.grid.place(tick), Origin.MODEL, self.piece.name, opens=tick == 0)
            tick += event.ticks


def open_accompaniment(config: Config, melody: Path, rng: int) -> Accompaniment:
    """Read a melody, the highest notes of a .mid file, and open what harmonises it.

    Raises UsageError if it holds no notes, SeedError if it cannot be read, and ModelError.
    """
    piece = read_midi(melody, "--with")
    if not any(event.sounding for event in piece.events):
        raise UsageError(f"--with: {melody} holds no notes; give a .mid file with a melody")
    return Accompaniment(piece, open_harmoniser(config, Random(rng), grid=piece.grid))
