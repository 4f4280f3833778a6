"""Harmonise melodies without a network, as what a network has to beat.

Law: a baseline learns from the pieces for training alone, and knows nothing of the melody beyond its present note.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

from bachd.music import keys
from bachd.music.event import Event
from bachd.music.piece import Piece
from bachd.neural.harmonise.melody import Turn, top_line

_VOICES: Final = 4
_WIDE: Final = 12
"""Semitones: wider steps of the melody count as this one."""

_Situation: TypeAlias = tuple[int | bool, ...]
_Below: TypeAlias = tuple[int, ...]
"""How far below the melody each other voice lies."""


class Table:
    """The commonest chord in a situation; in one that never occurred, the commonest in a simpler one like it."""

    def __init__(self, pieces: Iterable[Piece], *, plain: bool = False) -> None:
        """plain: whether the pitch of the melody alone is the situation.

        Otherwise it is its degree in the key of the melody so far, the step that led to it, and the beat.
        """
        self._plain = plain
        counts: dict[_Situation, Counter[_Below]] = defaultdict(Counter)
        for piece in pieces:
            sounding = _onsets(piece.events)
            for turn, situations in self._situations(piece, top_line(piece.events)):
                chord = sounding[turn.tick]
                if len(chord) == _VOICES:
                    for situation in situations:
                        counts[situation][tuple(chord[-1] - pitch for pitch in chord[:-1])] += 1
        self._commonest = {situation: found.most_common(1)[0][0] for situation, found in counts.items()}

    def harmonise(self, piece: Piece) -> list[Event]:
        """Return the melody of a piece with its other voices, as events."""
        melody = top_line(piece.events)
        chords: dict[int, tuple[int, ...]] = {}
        for turn, situations in self._situations(piece, melody):
            below = next((self._commonest[each] for each in situations if each in self._commonest), ())
            assert turn.pitch is not None
            chords[turn.tick] = tuple(sorted({turn.pitch, *(turn.pitch - each for each in below)}))
        return [
            Event(chords.get(turn.tick, ()), (), after.tick - turn.tick)
            for turn, after in pairwise(melody)
            if after.tick > turn.tick
        ]

    def _situations(self, piece: Piece, melody: Sequence[Turn]) -> Iterator[tuple[Turn, list[_Situation]]]:
        """Yield each note of a melody with its situation, and simpler ones."""
        weights = [0.0] * 12
        before: Turn | None = None
        for turn in melody:
            if before is not None and before.pitch is not None:
                weights[before.pitch % 12] += turn.tick - before.tick
            if turn.pitch is not None:
                if self._plain:
                    yield turn, [(turn.pitch,), ()]
                else:
                    heard = list(weights)
                    heard[turn.pitch % 12] += 1
                    yield turn, _situations(turn, before, keys.estimate(heard), piece)
            before = turn


def _situations(turn: Turn, before: Turn | None, key: keys.Key, piece: Piece) -> list[_Situation]:
    assert turn.pitch is not None
    place = piece.grid.place(turn.tick)
    degree = (turn.pitch - key.tonic) % 12
    step = 0 if before is None or before.pitch is None else turn.pitch - before.pitch
    step = max(-_WIDE, min(_WIDE, step))
    beat = place.phase % place.metre.bar // place.metre.beat if place.phase % place.metre.beat == 0 else -1
    return [(key.minor, degree, step, beat), (key.minor, degree, step), (key.minor, degree), ()]


def _onsets(events: Iterable[Event]) -> dict[int, tuple[int, ...]]:
    """What sounds from each tick on at which something changes."""
    found, tick = {}, 0
    for event in events:
        found[tick] = event.sounding
        tick += event.ticks
    return found
