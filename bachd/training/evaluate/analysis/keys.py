"""Find the key of a passage, and of every quarter of a piece.

Law: a key is a number from 0 to 23, its tonic's pitch class, plus 12 if it is minor.

A stretch has the key whose profile its pitch classes, weighted by how long they sound, correlate with best (Krumhansl
1990, "Cognitive Foundations of Musical Pitch", chapter 4), the profiles being those that Aarden (2003, "Dynamic Melodic
Expectancy") counted in the Essen folk song collection. Keys of quarters are the likeliest path through the piece
(Viterbi), if every change of key costs the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bachd.music.event import TICKS
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis.passage import Floats, Ints

_MAJOR: Final = (17.77, 0.15, 14.93, 0.16, 19.80, 11.36, 0.29, 22.06, 0.15, 8.15, 0.23, 4.95)
_MINOR: Final = (18.26, 0.74, 14.05, 16.86, 0.70, 14.44, 0.70, 18.62, 4.57, 1.93, 7.38, 1.76)
PROFILES: Final[Floats] = np.array(
    [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)], float
)
"""Shape (24, 12): the weight of each pitch class in each key."""
_FLOOR: Final = 0.03
"""Share of a quarter's time that any pitch class may have by chance, whatever the key."""
_CHANGE: Final = 3.4
"""What a change of key costs, in nats."""
SIGNATURES: Final = np.array([*range(0, 84, 7), *range(21, 105, 7)]) % 12
"""Shape (24,): the place of each key's signature on the circle of fifths."""


def spelled(piece: Piece) -> Floats:
    """Duration of each pitch class in each quarter of a piece, in ticks, shape (Q, 12)."""
    table = np.zeros((-(-piece.ticks // TICKS), 12))
    tick = 0
    for event in piece.events:
        classes = [pitch % 12 for pitch in event.sounding]
        end = tick + event.ticks
        while tick < end:
            quarter, past = divmod(tick, TICKS)
            part = min(TICKS - past, end - tick)
            for each in classes:
                table[quarter, each] += part
            tick += part
    return table


def correlations(durations: Floats) -> Floats:
    """Correlation of each key's profile with the durations of the twelve pitch classes, shape (24,)."""
    if not np.ptp(durations):
        return np.zeros(24)
    ours = durations - durations.mean()
    theirs = PROFILES - PROFILES.mean(axis=1, keepdims=True)
    scale = np.linalg.norm(ours) * np.linalg.norm(theirs, axis=1)
    return np.asarray(theirs @ ours / scale, float)


def key_of(durations: Floats) -> int:
    """The key of a stretch of music."""
    return int(correlations(durations).argmax())


def path(table: Floats) -> Ints:
    """The key of each quarter, shape (Q,), from what sounds in them, shape (Q, 12)."""
    shares = PROFILES / PROFILES.sum(axis=1, keepdims=True) * (1 - _FLOOR) + _FLOOR / 12
    time = np.maximum(table.sum(axis=1, keepdims=True), 1)
    fits = table / time * _notes(table) @ np.log(shares).T
    best = np.zeros((len(table), 24))
    came_from = np.zeros((len(table), 24), np.int64)
    for quarter, fit in enumerate(fits):
        before = best[quarter - 1] if quarter else np.zeros(24)
        leader = int(before.argmax())
        changes = before[leader] - _CHANGE > before
        came_from[quarter] = np.where(changes, leader, np.arange(24))
        best[quarter] = np.where(changes, before[leader] - _CHANGE, before) + fit
    keys = np.zeros(len(table), np.int64)
    for quarter in range(len(table) - 1, -1, -1):
        keys[quarter] = (
            best[quarter].argmax() if quarter == len(table) - 1 else came_from[quarter + 1][keys[quarter + 1]]
        )
    return keys


def _notes(table: Floats) -> Floats:
    """Number of different pitch classes in each quarter, as a column."""
    return np.asarray((table > 0).sum(axis=1, keepdims=True), float)


def near(one: int, other: int) -> bool:
    """Whether two keys' signatures differ by one accidental at most."""
    apart = int(SIGNATURES[one] - SIGNATURES[other]) % 12
    return min(apart, 12 - apart) <= 1
