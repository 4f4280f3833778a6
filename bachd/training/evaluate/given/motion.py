"""Count how the voices under a melody move: by step or leap, in passing notes, neighbours and suspensions.

Law: only what four voices sound counts, voices are counted from the bottom, and Bach's music is counted by the same
rules.

The terms are those of Aldwell and Schachter, "Harmony and Voice Leading": what comes by step off the beat and is
dissonant is a passing note, or a neighbour if it returns; what was consonant, is held into a beat where it is
dissonant, and goes a step down is a suspension.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import groupby, pairwise
from typing import Final

from bachd.music.event import TICKS
from bachd.music.piece import Piece

_VOICES: Final = 4
_LOWER: Final = _VOICES - 1
_STEP, _LEAP = 2, 4
"""Semitones of a step at most; and those above which an inner voice leaps."""
_ANYWHERE: Final = (1, 2, 10, 11)
"""Dissonant intervals in semitones, octaves aside."""
_OVER_BASS: Final = (*_ANYWHERE, 5)

Chord = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Motion:
    """How the three voices under a melody move. Shares are of 1."""

    changes_a_quarter: float
    """From one chord of four notes to another one."""
    passing_notes: float
    """Of the notes of the three voices."""
    neighbours: float
    suspensions: float
    unresolved: float
    """Of the notes that come by step off the beat and are dissonant: those that are not left by step."""
    alto: float
    """Semitones between two chords that differ, in the mean."""
    tenor: float
    bass: float
    inner_leaps: float
    """Of the moves of alto and tenor: more than four semitones."""
    bass_steps: float
    """Of the moves of the bass: one or two semitones."""
    common_tones: float
    """Of the three voices at each change: those that stay."""


@dataclass(frozen=True, slots=True)
class _Note:
    pitch: int
    begins: int
    """Index of a chord."""
    ends: int
    """Index of the chord after its last one."""


@dataclass(frozen=True, slots=True)
class _Passage:
    """Chords of four notes, one after another without a rest."""

    ticks: tuple[int, ...]
    """Since a beat, where each begins."""
    chords: tuple[Chord, ...]

    def notes(self, voice: int) -> list[_Note]:
        """The notes of a voice; a repeated one is one."""
        found = []
        for pitch, places in groupby(range(len(self.chords)), lambda index: self.chords[index][voice]):
            indexes = list(places)
            found.append(_Note(pitch, indexes[0], indexes[-1] + 1))
        return found

    def dissonant(self, index: int, voice: int) -> bool:
        """Whether a voice is a second, seventh or ninth away from another one, or a fourth from the bass."""
        chord = self.chords[index]
        return any(
            (chord[max(voice, other)] - chord[min(voice, other)]) % 12
            in (_OVER_BASS if min(voice, other) == 0 else _ANYWHERE)
            for other in range(_VOICES)
            if other != voice
        )

    def is_always_dissonant(self, note: _Note, voice: int) -> bool:
        """Whether a note is dissonant from its beginning to its end."""
        return all(self.dissonant(index, voice) for index in range(note.begins, note.ends))


def count(pieces: Sequence[Piece]) -> Motion:
    """Count the motion in some pieces."""
    sounding = sum(event.ticks for piece in pieces for event in piece.events if len(event.sounding) == _VOICES)
    every = [passage for piece in pieces for passage in _passages(piece)]
    changes = [(one, other) for each in every for one, other in pairwise(each.chords) if one != other]
    moves = [[abs(other[voice] - one[voice]) for one, other in changes] for voice in range(_LOWER)]
    inner = [by for voice in (1, 2) for by in moves[voice] if by]
    notes = sum(len(each.notes(voice)) for each in every for voice in range(_LOWER))
    figures = [kind for each in every for voice in range(_LOWER) for kind in _figures(each, voice)]
    off_beat = len(figures) - figures.count("suspension")
    return Motion(
        changes_a_quarter=TICKS * len(changes) / max(1, sounding),
        passing_notes=figures.count("passing") / max(1, notes),
        neighbours=figures.count("neighbour") / max(1, notes),
        suspensions=figures.count("suspension") / max(1, notes),
        unresolved=figures.count("unresolved") / max(1, off_beat),
        alto=_mean(moves[2]),
        tenor=_mean(moves[1]),
        bass=_mean(moves[0]),
        inner_leaps=_mean([by > _LEAP for by in inner]),
        bass_steps=_mean([by <= _STEP for by in moves[0] if by]),
        common_tones=_mean([by == 0 for voice in moves for by in voice]),
    )


def as_text(columns: Mapping[str, Motion]) -> str:
    """Return a table of the motion in some music, by its name."""
    wide = max(len(field.name) for field in fields(Motion))
    lines = [" ".join(["".ljust(wide), *columns])]
    for field in fields(Motion):
        cells = [f"{getattr(found, field.name):.3f}".rjust(len(name)) for name, found in columns.items()]
        lines.append(" ".join([field.name.replace("_", " ").ljust(wide), *cells]))
    return "\n".join(lines)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def _passages(piece: Piece) -> Iterator[_Passage]:
    tick = 0
    ticks: list[int] = []
    chords: list[Chord] = []
    for event in piece.events:
        if len(event.sounding) == _VOICES:
            ticks.append(piece.grid.place(tick).phase % TICKS)
            chords.append(event.sounding)
        elif chords:
            yield _Passage(tuple(ticks), tuple(chords))
            ticks, chords = [], []
        tick += event.ticks
    if chords:
        yield _Passage(tuple(ticks), tuple(chords))


def _figures(passage: _Passage, voice: int) -> Iterator[str]:
    """Yield what the notes of a voice are that are no part of their chords."""
    notes = passage.notes(voice)
    for before, note, after in zip(notes, notes[1:], notes[2:], strict=False):
        came, goes = note.pitch - before.pitch, after.pitch - note.pitch
        if passage.ticks[note.begins] and abs(came) <= _STEP and passage.is_always_dissonant(note, voice):
            yield "unresolved" if abs(goes) > _STEP else "passing" if came * goes > 0 else "neighbour"
        elif -_STEP <= goes < 0 and _is_suspended(passage, note, voice):
            yield "suspension"


def _is_suspended(passage: _Passage, note: _Note, voice: int) -> bool:
    beats = [index for index in range(note.begins + 1, note.ends) if not passage.ticks[index]]
    return (
        bool(beats)
        and passage.dissonant(beats[-1], voice)
        and not passage.dissonant(beats[-1] - 1, voice)
        and passage.chords[beats[-1]] != passage.chords[beats[-1] - 1]
    )
