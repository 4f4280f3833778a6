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

import numpy as np
import numpy.typing as npt

from bachd.neural.features import CONTEXT, PITCHES
from bachd.training.corpus.model import SPLITS, CorpusError
from bachd.training.fit.dataset import EMPTY, Encoded
from bachd.training.fit.network import Layout

VOICES: Final = 4
SILENCE: Final = PITCHES
"""The answer 'no pitch'; those before it are pitches from the lowest on."""
LASTING: Final = SILENCE + 1
"""The first of LONGEST answers to 'for how many rows'."""
LONGEST: Final = 32
"""Rows that a chord can last; what lasts longer is several chords."""
ANSWERS: Final = LASTING + LONGEST

PLACES: Final = SILENCE + 1
_PHASES: Final = 16
_ELAPSED: Final = (16, 32, 64, 96, 128, 192, 256, 384)
_SPAN: Final = 24
_SPANS: Final = 2 * _SPAN + 1

# The columns of a row: what each voice sings, for how long, where the next chord begins, and the start of the piece.
_LENGTH: Final = VOICES * PLACES
_PHASE: Final = _LENGTH + LONGEST
_SINCE: Final = _PHASE + _PHASES
_BEFORE: Final = _SINCE + len(_ELAPSED)
# What the head is told: the voices chosen, those of the chord before, which decision it is, the steps of the chosen.
LEFT: Final = VOICES * PLACES
DECISION: Final = 2 * LEFT
_STEP: Final = DECISION + VOICES + 1

ROW: Final = _BEFORE + 1
NOTES: Final = _STEP + VOICES * _SPANS

LAYOUT: Final = Layout(((0, ROW),), ((0, NOTES),), ((0, ANSWERS),))

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


def encode(piece: Chorale, benchmark: Benchmark, shift: int = 0, *, whole: bool = False) -> Encoded:
    """Encode a piece, moved by `shift` semitones (-5 to 6), as arrays.

    The decisions of a chord are its four voices and, if there are lengths, its length. That of the last chord is not
    known; it is left out, or, for `whole`, it is the least that it can be.
    """
    count = len(piece.chords)
    pitches = np.array(piece.chords, np.int32)
    places = np.where(pitches < 0, SILENCE, pitches - benchmark.lowest + shift)
    before = np.concatenate([np.full((1, VOICES), SILENCE, np.int32), places[:-1]])
    lengths = np.array(piece.lengths)
    after = np.cumsum(lengths)
    here = CONTEXT + np.arange(count)
    rows = np.zeros((count + CONTEXT, ROW), np.uint8)
    rows[:CONTEXT, _BEFORE] = 1
    rows[CONTEXT - 1, _PHASE] = 1
    rows[here[:, None], np.arange(VOICES) * PLACES + places] = 1
    rows[here, _LENGTH + lengths - 1] = 1
    rows[here, _PHASE + after % _PHASES] = 1
    rows[CONTEXT:, _SINCE : _SINCE + len(_ELAPSED)] = after[:, None] >= np.array(_ELAPSED)
    decisions = VOICES + benchmark.voiced
    symbols = np.full((count, decisions), EMPTY, np.int32)
    symbols[:, :VOICES] = places
    if benchmark.voiced:
        symbols[:, VOICES] = LASTING + lengths - 1
        if not whole:
            symbols[-1, VOICES] = EMPTY
    notes = np.stack([_told(places, before, decision) for decision in range(decisions)], axis=1)
    return Encoded("", rows, symbols, notes, np.full(count, EMPTY, np.int32), (0, 0))


def _told(places: npt.NDArray[np.int32], before: npt.NDArray[np.int32], decision: int) -> npt.NDArray[np.uint8]:
    """Return the head's input before the decision with this number: shape (n, notes)."""
    every = np.arange(len(places))
    told = np.zeros((len(places), NOTES), np.uint8)
    told[:, DECISION + decision] = 1
    for voice in range(VOICES):
        told[every, LEFT + voice * PLACES + before[:, voice]] = 1
        if voice < decision:
            told[every, voice * PLACES + places[:, voice]] = 1
            step = np.clip(places[:, voice] - before[:, voice], -_SPAN, _SPAN) + _SPAN
            sung = (places[:, voice] != SILENCE) & (before[:, voice] != SILENCE)
            told[every[sung], _STEP + voice * _SPANS + step[sung]] = 1
    return told
