"""Measure voice leading in four voices: lost voices, motion, and forbidden parallels.

Law: voices are counted from the top. Where fewer than four pitches sound, voices share one, and which do is the
assignment of least motion through the whole piece; where more sound, the inner ones nearest to the voices are taken.
Bach's crossing voices are counted as if they did not cross, like a bundle's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations, groupby, pairwise
from typing import Final

import numpy as np

from bachd.training.evaluate.analysis.passage import Ints, Passage

VOICES: Final = 4
RANGES: Final = ((60, 81), (53, 76), (47, 69), (36, 64))
"""Lowest and highest MIDI number of soprano, alto, tenor and bass: what Bach's chorales hardly ever leave."""
_ROW: Final = 3
"""Chords in a row without one of the voices that make it lost."""
_PAIRS: Final = tuple(combinations(range(VOICES), 2))


def assign(chords: Sequence[Sequence[int]]) -> Ints:
    """The pitch of each voice, the highest first, in each chord (ascending MIDI numbers), shape (N, 4).

    A rest is -1 in all voices.
    """
    rows = np.full((len(chords), VOICES), -1, np.int64)
    index = 0
    for silent, run in groupby(chords, key=lambda chord: not chord):
        stretch = list(run)
        if not silent:
            rows[index : index + len(stretch)] = _least_motion(stretch)
        index += len(stretch)
    return rows


def _least_motion(chords: Sequence[Sequence[int]]) -> Ints:
    """The cheapest path through the assignments of each chord; none of the chords is empty."""
    choices = [np.array(sorted(chord, reverse=True), np.int64)[list(_assignments(len(chord)))] for chord in chords]
    costs = np.zeros(len(choices[0]))
    came_from: list[Ints] = []
    for before, after in pairwise(choices):
        motion = np.abs(before[:, None, :] - after[None, :, :]).sum(axis=2) + costs[:, None]
        came_from.append(motion.argmin(axis=0))
        costs = motion.min(axis=0)
    at = int(costs.argmin())
    path = [at]
    for origins in reversed(came_from):
        at = int(origins[at])
        path.append(at)
    return np.array([choice[index] for choice, index in zip(choices, reversed(path), strict=True)])


@cache
def _assignments(pitches: int) -> tuple[tuple[int, ...], ...]:
    """For so many pitches, counted from the top, which of them each of the four voices may have."""
    if pitches >= VOICES:
        return tuple((0, *inner, pitches - 1) for inner in combinations(range(1, pitches - 1), VOICES - 2))
    return tuple(
        choice
        for choice in np.ndindex(*[pitches] * VOICES)
        if sorted(choice) == list(choice) and set(choice) == set(range(pitches))
    )


def of(passage: Passage) -> Ints:
    """The voices of what is counted of a passage, shape (N, 4)."""
    return assign([event.sounding for event in passage.events])


def lost(passage: Passage) -> int:
    """Count lost voices: fewer than four pitches in three or more chords in a row."""
    sounding = [event.sounding for event in passage.events]
    runs = [(few, len(list(run))) for few, run in groupby(sounding, key=lambda chord: 0 < len(chord) < VOICES)]
    return sum(few and length >= _ROW for few, length in runs)


def parallels(voices: Ints, interval: int) -> int:
    """Pairs of voices that both move and are `interval` semitones apart before and after, octaves aside."""
    before, after = voices[:-1], voices[1:]
    moves = (before != after) & (before >= 0) & (after >= 0)
    return sum(
        int(
            (
                moves[:, high]
                & moves[:, low]
                & ((before[:, high] - before[:, low]) % 12 == interval)
                & ((after[:, high] - after[:, low]) % 12 == interval)
            ).sum()
        )
        for high, low in _PAIRS
    )


def hidden(voices: Ints) -> int:
    """Count direct fifths and octaves of the outer voices: the same direction, the soprano by a leap."""
    before, after = voices[:-1][:, [0, -1]], voices[1:][:, [0, -1]]
    steps = after - before
    apart_before, apart = (before[:, 0] - before[:, 1]) % 12, (after[:, 0] - after[:, 1]) % 12
    same_way = (np.sign(steps[:, 0]) == np.sign(steps[:, 1])) & (steps[:, 0] != 0)
    sound = (before >= 0).all(axis=1) & (after >= 0).all(axis=1)
    perfect = np.isin(apart, (0, 7)) & (apart_before != apart)
    return int((same_way & sound & perfect & (np.abs(steps[:, 0]) > 2)).sum())


def steps(voices: Ints, voice: int) -> Ints:
    """The intervals by which one voice moves, in semitones; repeated and held notes are left out."""
    line = voices[:, voice]
    moves = np.diff(line)[(line[:-1] >= 0) & (line[1:] >= 0)]
    return np.asarray(moves[moves != 0], np.int64)


def overlaps(voices: Ints) -> int:
    """Count voice overlaps: a voice moves past where the voice above or below it was before."""
    before, after = voices[:-1], voices[1:]
    sound = (before >= 0) & (after >= 0)
    both = sound[:, :-1] & sound[:, 1:]
    over = both & (after[:, 1:] > before[:, :-1])
    under = both & (after[:, :-1] < before[:, 1:])
    return int(over.sum() + under.sum())


def outside(voices: Ints) -> tuple[int, int]:
    """Notes outside the range of their voice, and all notes."""
    bad = total = 0
    for voice, (low, high) in enumerate(RANGES):
        line = voices[:, voice]
        struck = line[np.flatnonzero(np.diff(line, prepend=-2))]
        struck = struck[struck >= 0]
        bad += int(((struck < low) | (struck > high)).sum())
        total += len(struck)
    return bad, total


def contrary(voices: Ints) -> tuple[int, int]:
    """Count contrary motion of the outer voices, and all motion of both."""
    moves = np.sign(np.diff(voices[:, [0, -1]], axis=0))
    both = (moves != 0).all(axis=1)
    return int((both & (moves[:, 0] != moves[:, 1])).sum()), int(both.sum())
