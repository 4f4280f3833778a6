"""Read the files of the JSB chorales benchmark as arrays, in both forms in which it is known.

Law: what is predicted are the very symbols of the file, each once, so that the nats are those of a proper probability
over it and can be compared with what others print.

`jsb-chorales-quarter.json` (Boulanger-Lewandowski et al. 2012) has frames: the set of up to four pitches that sounds at
each quarter note. A frame is spelled from its highest pitch down, with silence in the places that are left.
`Jsb16thSeparated.json` (Huang et al. 2017) has rows of four pitches, soprano to bass, one row a sixteenth note, with -1
for silence. Equal rows are taken together: a chord, voice by voice, and then for how many rows it lasts. Of the last
chord of a piece only that it lasts at least so long is known, and only that is counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, TypeAlias

from bachd.neural.features import PITCHES
from bachd.training.corpus.model import SPLITS, CorpusError

VOICES: Final = 4
LONGEST: Final = 32
"""Rows that a chord can last; what lasts longer is several chords."""

Chord: TypeAlias = tuple[int, ...]
"""Four MIDI numbers, or -1 for silence."""


@dataclass(frozen=True, slots=True)
class Chorale:
    """One piece."""

    chords: tuple[Chord, ...]
    lengths: tuple[int, ...]
    """For how many rows of the file each lasts."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One of the two files."""

    name: str
    voiced: bool
    """Whether it has voices and lengths; without, frames are sets, spelled from the top down."""
    lowest: int
    """MIDI number of the first answer."""
    splits: dict[str, tuple[Chorale, ...]]

    @property
    def unit(self) -> str:
        """Unit of the printed nats."""
        return "raster token (S, A, T, B)" if self.voiced else "frame"

    def units(self, split: str) -> int:
        """Number of units on one side of the split."""
        rows = sum(sum(piece.lengths) for piece in self.splits[split])
        return rows * VOICES if self.voiced else rows


def read(path: Path) -> Benchmark:
    """Read one of the two files, whichever it is. Raises CorpusError for anything else."""
    try:
        data = json.loads(path.read_text())
        pieces = {split: [[_pitches(row) for row in piece] for piece in data[split]] for split in SPLITS}
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise CorpusError(
            f"{path}: is not a JSB chorales file: JSON with lists of pieces under 'train', 'valid' and 'test', each "
            "piece a list of rows of MIDI numbers"
        ) from None
    rows = [row for split in pieces.values() for piece in split for row in piece]
    if not all(len(piece) for split in pieces.values() for piece in split) or not all(pieces.values()):
        raise CorpusError(f"{path}: a split or a piece is empty; fetch the file again")
    voiced = all(len(row) == VOICES for row in rows)
    sung = [pitch for row in rows for pitch in row if pitch >= 0]
    lowest, widest = min(sung, default=0) - 5, max(sung, default=0) + 6
    if any(len(row) > VOICES for row in rows) or widest - lowest >= PITCHES:
        raise CorpusError(f"{path}: a row has more than four pitches, or they span more than {PITCHES - 12} semitones")
    make = _with_voices if voiced else _of_frames
    return Benchmark(
        path.name, voiced, lowest, {split: tuple(map(make, chorales)) for split, chorales in pieces.items()}
    )


def _pitches(row: Any) -> Chord:
    if not all(type(pitch) in (int, float) and pitch == int(pitch) and -1 <= pitch <= 127 for pitch in row):
        raise ValueError(row)
    return tuple(int(pitch) for pitch in row)


def _of_frames(rows: list[Chord]) -> Chorale:
    chords = [tuple(sorted(set(row), reverse=True)) for row in rows]
    return Chorale(tuple(chord + (-1,) * (VOICES - len(chord)) for chord in chords), (1,) * len(rows))


def _with_voices(rows: list[Chord]) -> Chorale:
    runs = [(chord, len(list(group))) for chord, group in groupby(rows)]
    cut = [(chord, min(LONGEST, run - at)) for chord, run in runs for at in range(0, run, LONGEST)]
    return Chorale(tuple(chord for chord, _ in cut), tuple(length for _, length in cut))
