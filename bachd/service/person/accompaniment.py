"""Harmonise the melody of a .mid file, as a person's is who plays it.

Law: nothing of what follows in the file is known when a note is harmonised; the melody itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from bachd.config import BOTH, TOGETHER_VOICES, Config
from bachd.errors import UsageError
from bachd.music.piece import Origin, Piece, Step
from bachd.neural import assemble
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.harmonise.harmoniser import Harmoniser
from bachd.neural.harmonise.melody import harmonise, line, outer_lines
from bachd.service.factory import open_harmoniser, read_midi

_LOWEST: Final = 127
"""More places from the top than a chord has notes."""


@dataclass(frozen=True, slots=True)
class Accompaniment:
    """A melody, and who harmonises it."""

    piece: Piece
    harmoniser: Harmoniser

    voice: str = TOGETHER_VOICES[0]
    """What the melody is: the lowest notes of the piece for the bass, also the highest for both, else these."""

    def steps(self) -> Iterator[Step]:
        """Yield the melody with its other voices. Raises ModelError."""
        tick, events = 0, self.piece.events
        lowest = self.voice == TOGETHER_VOICES[-1]
        melody = outer_lines(events) if self.voice == BOTH else line(events, _LOWEST if lowest else 0)
        for event in harmonise(self.harmoniser, melody):
            yield Step(event, self.piece.grid.place(tick), Origin.MODEL, self.piece.name, opens=tick == 0)
            tick += event.ticks


def open_accompaniment(config: Config, melody: Path, rng: int) -> Accompaniment:
    """Read a melody, the highest notes of a .mid file, or the lowest for a bass, and open what harmonises it.

    Raises UsageError if it holds no notes, SeedError if it cannot be read, and ModelError.
    """
    piece = read_midi(melody, "--with")
    if not any(event.sounding for event in piece.events):
        raise UsageError(f"--with: {melody} holds no notes; give a .mid file with a melody")
    if config.together_voice == BOTH:
        assemble.require_inner_voices(Bundle.open(config.model))
    harmoniser = open_harmoniser(config, Random(rng), grid=piece.grid, voice=config.given_voice)
    return Accompaniment(piece, harmoniser, config.together_voice)
