"""Compute statistics of style: variety, fidelity to a key, motion of the voices.

Law: a model's music and Bach's are counted by the same rules. Figures that depend on how long one listens are taken of
windows of WINDOW events; pieces shorter than that are taken with their neighbours in order, as a model, too, plays one
piece after another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import combinations, pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.music.loop_detector import LONGEST_LOOP
from bachd.training.evaluate.event_arrays import Ints, Row, Tokens

WINDOW: Final = 200
"""Events looked at together."""
BAND: Final = (5, 95)
"""Percentiles of Bach's windows between which a window is taken for one like his."""
_FIFTH: Final = 7
_OCTAVE: Final = 0
_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_SCALES: Final = np.array([[(pitch - tonic) % 12 in _MAJOR for pitch in range(12)] for tonic in range(12)], float)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Windows:
    """One figure a window, shape (W,) each."""

    pitch_class_entropy: Floats
    """Bits of the pitch classes of the notes that start (Wu and Yang 2020, arXiv:2008.01307): log2(12) = 3.6 at most,
    when all twelve are played as often."""
    distinct_4: Floats
    """Share of different ones among all runs of four chords, as spelled, at their pitch and without their lengths
    (distinct-n, Li et al. 2016, arXiv:1510.03055)."""
    scale_consistency: Floats
    """The largest share of the notes that start that lies in one of the twelve major scales, which are the natural
    minor ones, too (Mogren 2016, arXiv:1611.09904, as in muspy, Dong et al. 2020, arXiv:2008.01951)."""


@dataclass(frozen=True, slots=True)
class Habits:
    """Figures of some music. None where there was nothing to count."""

    events: int
    longest_circle: int
    """Events of the longest stretch of two periods or more, the period being 64 events at most."""
    pitch_class_entropy: float
    """Mean over the windows, as the next two."""
    distinct_4: float
    scale_consistency: float
    polyphony: float
    """Notes that sound together, mean over the time in which any does."""
    lowest: int | None
    highest: int | None
    changes: int
    """From one four-note chord to another."""
    fifths: float | None
    """Parallel fifths per 1,000 such changes, voices counted from the top."""
    octaves: float | None
    """The same for unisons and octaves."""


def habits(row: Row, of: Windows) -> Habits:
    """The habits of a row of events, `of` being its windows."""
    before, after = four_voices(row)
    sound = row.voices > 0
    per_thousand = 1000 / len(before) if len(before) else None
    return Habits(
        events=len(row),
        longest_circle=longest_circle(row),
        pitch_class_entropy=float(of.pitch_class_entropy.mean()),
        distinct_4=float(of.distinct_4.mean()),
        scale_consistency=float(of.scale_consistency.mean()),
        polyphony=float(np.average(row.voices[sound], weights=row.ticks[sound])) if sound.any() else 0.0,
        lowest=int(row.pitches.min()) if len(row.pitches) else None,
        highest=int(row.pitches.max()) if len(row.pitches) else None,
        changes=len(before),
        fifths=per_thousand and per_thousand * int(parallels(before, after, _FIFTH).sum()),
        octaves=per_thousand and per_thousand * int(parallels(before, after, _OCTAVE).sum()),
    )


def windows(row: Row) -> Windows:
    """The windows of a row of events; what is left over at the end is dropped, unless it is all there is."""
    edges = [*range(0, len(row) + 1, WINDOW)] if len(row) >= WINDOW else [0, len(row)]
    spellings = row.spellings()
    figures = [
        (*_classes(row.struck(first, last)), _distinct(spellings[first:last])) for first, last in pairwise(edges)
    ]
    entropy, consistency, distinct = np.array(figures).T
    return Windows(entropy, distinct, consistency)


def within(music: Windows, bach: Windows) -> dict[str, float]:
    """By figure: the share of windows that lie where nine of ten of Bach's do."""
    shares = {}
    for field in fields(Windows):
        low, high = np.percentile(getattr(bach, field.name), BAND)
        values = getattr(music, field.name)
        shares[field.name] = float(np.mean((values >= low) & (values <= high)))
    return shares


def _classes(pitches: npt.NDArray[np.uint8]) -> tuple[float, float]:
    """Entropy in bits and scale consistency of the pitch classes of some notes."""
    counts = np.bincount(pitches % 12, minlength=12)
    total = counts.sum()
    if not total:
        return 0.0, 1.0
    shares = counts[counts > 0] / total
    return float(-(shares * np.log2(shares)).sum()), float((_SCALES @ counts).max() / total)


def _distinct(tokens: Tokens) -> float:
    runs = np.lib.stride_tricks.sliding_window_view(tokens, 4) if len(tokens) >= 4 else tokens[None]
    return len(np.unique(runs, axis=0)) / len(runs)


def longest_circle(row: Row) -> int:
    """Events of the longest stretch in which each equals the one a period before it, for two periods at least.

    The period is at most LONGEST_LOOP events; equal are events that spell the same and last as long. 0 without any.
    """
    same_length = row.ticks.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    tokens = row.spellings() ^ same_length
    longest = 0
    for period in range(1, LONGEST_LOOP + 1):
        differs = np.flatnonzero(tokens[period:] != tokens[:-period])
        run = int(np.diff(differs, prepend=-1, append=max(len(row) - period, 0)).max()) - 1
        if run >= period:
            longest = max(longest, run + period)
    return longest


def four_voices(row: Row) -> tuple[Ints, Ints]:
    """All changes from one four-note chord to another one: the chords before and after, shape (C, 4) each."""
    four = (row.voices[:-1] == 4) & (row.voices[1:] == 4) & ~row.breaks[1:]
    at = np.flatnonzero(four)[:, None]
    before = row.pitches[row.bounds[at] + np.arange(4)].astype(np.int64)
    after = row.pitches[row.bounds[at + 1] + np.arange(4)].astype(np.int64)
    moved = (before != after).any(axis=1)
    return before[moved], after[moved]


def parallels(before: Ints, after: Ints, interval: int) -> Ints:
    """For each of C changes of V voices, pairs of them that both move and stand `interval` semitones apart both times.

    before, after: MIDI numbers from low to high, shape (C, V). interval: 0 to 11, octaves aside. Returns shape (C,).
    """
    moves = before != after
    found = np.zeros(len(before), np.int64)
    for low, high in combinations(range(before.shape[1]), 2):
        apart = ((chords[:, high] - chords[:, low]) % 12 == interval for chords in (before, after))
        found += np.logical_and(*apart) & moves[:, low] & moves[:, high]
    return found


def intervals(row: Row) -> Ints:
    """Counts of the highest voice's steps of -12 to 12 semitones, shape (25,); without repeated and held notes."""
    steps = np.diff(row.tops)
    plain = ~row.breaks[1:] & (row.voices[1:] > 0) & (row.voices[:-1] > 0)
    steps = steps[plain & (steps != 0) & (abs(steps) <= 12)]
    return np.bincount(steps + 12, minlength=25)


def lengths(rows: Iterable[Row], most: int) -> tuple[list[int], list[Floats]]:
    """The `most` usual lengths of events in some rows, in ticks, and what share of each row's events has them."""
    shares = [np.bincount(row.ticks) / max(1, len(row)) for row in rows]
    width = max(map(len, shares))
    shares = [np.pad(share, (0, width - len(share))) for share in shares]
    usual = np.sort(np.argsort(-np.sum(shares, axis=0), kind="stable")[:most])
    usual = usual[np.sum(shares, axis=0)[usual] > 0]
    return usual.tolist(), [share[usual] for share in shares]
