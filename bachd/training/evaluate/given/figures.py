"""Count how near a harmonisation is to the composer's own, sixteenth by sixteenth.

Law: only sixteenths in which the composer's music sounds count, and both sides are counted by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from bachd.music import keys
from bachd.music.event import TICKS, Event
from bachd.music.keys import Key
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural.harmonise.melody import line
from bachd.training.evaluate import style_statistics
from bachd.training.evaluate.analysis.chords import chord
from bachd.training.evaluate.event_arrays import of_pieces

SIXTEENTH: Final = TICKS // 4
_VOICES: Final = 4
_FIFTH, _OCTAVE = 7, 0
_SPAN: Final = 16
"""Sixteenths in four quarters."""
_NEAR: Final = 1
"""Fifths between neighbouring keys: dominant, subdominant and their relatives."""

Cell: TypeAlias = tuple[int, ...]
"""What sounds in a sixteenth, ascending."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How near some music is to the composer's, and how clean it is. Shares are of 1."""

    sixteenths: int
    same_set: float
    """Of sixteenths: the same pitch classes sound."""
    bass: float
    """The same pitch class is lowest."""
    onset_set: float
    """The same as `same_set`, of the sixteenths in which a note of the melody begins."""
    onset_bass: float
    voice_1: float
    """The top voice has the very pitch."""
    voice_2: float
    voice_3: float
    voice_4: float
    plain: float
    """What sounds is a triad or a seventh chord, and nothing else."""
    changes: int
    """From one chord of four notes to another one."""
    fifths: float
    """Parallel fifths in 1,000 of them, voices counted from the top."""
    octaves: float
    """Parallel unisons and octaves, the same way."""
    in_key: float
    """Of every four quarters: these and the next four are in the composer's key, or in a neighbour of it."""


def compare(pairs: Sequence[tuple[Sequence[Event], Sequence[Event]]], voice: int = 0) -> Figures:
    """Return the figures of harmonisations, each with the composer's events in front of it.

    voice: the place of the melody from the top.
    """
    pairs_of_cells = [
        pair for written, found in pairs for pair in zip(cells(written), cells(found), strict=False) if pair[0]
    ]
    onsets = [pair for written, found in pairs for pair in _at_onsets(written, found, voice) if pair[0]]
    before, after = style_statistics.four_voices(of_pieces(Piece("", tuple(found), Grid()) for _, found in pairs))
    per_thousand = 1000 / max(1, len(before))

    voices = [share(_same_voice(written, found, each) for written, found in pairs_of_cells) for each in range(_VOICES)]
    return Figures(
        sixteenths=len(pairs_of_cells),
        same_set=share(_same_set(*pair) for pair in pairs_of_cells),
        bass=share(_same_bass(*pair) for pair in pairs_of_cells),
        onset_set=share(_same_set(*pair) for pair in onsets),
        onset_bass=share(_same_bass(*pair) for pair in onsets),
        voice_1=voices[0],
        voice_2=voices[1],
        voice_3=voices[2],
        voice_4=voices[3],
        plain=share(chord(found) is not None for _, found in pairs_of_cells),
        changes=len(before),
        fifths=per_thousand * int(style_statistics.parallels(before, after, _FIFTH).sum()),
        octaves=per_thousand * int(style_statistics.parallels(before, after, _OCTAVE).sum()),
        in_key=_in_key(pairs),
    )


def _in_key(pairs: Sequence[tuple[Sequence[Event], Sequence[Event]]]) -> float:
    near = [
        is_near(sharps(one) - sharps(other))
        for written, found in pairs
        for one, other in zip(_keys(cells(written)), _keys(cells(found)), strict=False)
    ]
    return sum(near) / max(1, len(near))


def _keys(sounding: Sequence[Cell]) -> list[Key]:
    """Return the key of every `_SPAN` sixteenths together with the next."""
    found = []
    for begin in range(0, len(sounding), _SPAN):
        weights = [0.0] * 12
        for cell in sounding[begin : begin + 2 * _SPAN]:
            for pitch in cell:
                weights[pitch % 12] += 1
        found.append(keys.estimate(weights))
    return found


def sharps(key: Key) -> int:
    """Return the sharps of a key's signature, from 0 to 11."""
    return 7 * (key.tonic + (3 if key.minor else 0)) % 12


def is_near(fifths: int) -> bool:
    """Whether keys whose signatures differ by so many sharps are the same, or neighbours, or relatives of those."""
    return min(fifths % 12, -fifths % 12) <= _NEAR


def share(hits: Iterable[bool]) -> float:
    """Return the share of what is true; 0 of nothing."""
    found = list(hits)
    return sum(found) / max(1, len(found))


def _at_onsets(written: Sequence[Event], found: Sequence[Event], voice: int) -> list[tuple[Cell, Cell]]:
    """Return what sounds in both where a note of the melody begins, as far as that is on a sixteenth."""
    pairs = list(zip(cells(written), cells(found), strict=False))
    begins = {turn.tick for turn in line(written, voice) if turn.pitch is not None}
    return [pair for index, pair in enumerate(pairs) if index * SIXTEENTH in begins]


def _same_set(written: Cell, found: Cell) -> bool:
    return {pitch % 12 for pitch in written} == {pitch % 12 for pitch in found}


def _same_bass(written: Cell, found: Cell) -> bool:
    return bool(found) and written[0] % 12 == found[0] % 12


def _same_voice(written: Cell, found: Cell, voice: int) -> bool:
    """Whether a voice, counted from the top from 0 on, has the same pitch."""
    return len(written) > voice and len(found) > voice and written[-1 - voice] == found[-1 - voice]


def cells(events: Sequence[Event]) -> list[Cell]:
    """Return what sounds at each sixteenth."""
    found: list[Cell] = []
    end = 0
    for event in events:
        end += event.ticks
        found += [event.sounding] * (-(-end // SIXTEENTH) - len(found))
    return found
