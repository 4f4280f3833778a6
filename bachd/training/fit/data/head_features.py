"""Compute what the head is told before each symbol of many events at once: `chord_spelling` as arrays.

Law: the symbols and columns are those that the scalar functions of `neural.chord_spelling` give, for each event, in
each key.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bachd.neural import features
from bachd.neural.features import LOWEST, PITCHES
from bachd.training.fit.data.records import NONE, Chords, Ints
from bachd.training.fit.data.row_features import CLOSE, Seen
from bachd.training.fit.dataset import EMPTY, Indexes, Rows

_NEAR: Final = np.array(features.NEAR)
_PERFECT: Final = (0, 7)
"""As in `chord_spelling`."""


def symbols(events: Chords, sounded: Chords, ends: Ints, width: int) -> Indexes:
    """Return the symbols of N events, shape (N, width): highest note first and END last, then EMPTY.

    sounded: the events before them. ends: the indices of those that are no events, but ends of pieces.
    """
    found = np.full((len(events.pitches), width), EMPTY, np.int32)
    there = (events.pitches[:, :, None] == sounded.pitches[:, None]).any(axis=2)
    spelled = events.pitches.astype(int) - LOWEST + features.HOLD * (events.held & there)
    found[:, : spelled.shape[1]] = np.where(events.pitches >= 0, spelled, EMPTY)
    found[np.arange(len(found)), events.counts] = features.END
    found[ends, 0] = features.END_OF_PIECE
    return found


def told(spelled: Indexes, sounded: Chords, seen: Seen) -> Rows:
    """Return the head's input before each symbol, shape (N, width, NOTES), zeros and ones; zeros where it is EMPTY."""
    found = np.zeros((*spelled.shape, features.NOTES), np.uint8)
    known = np.zeros((len(spelled), features.NOTES), np.uint8)  # the columns that grow from symbol to symbol
    row, voice = np.nonzero(sounded.pitches >= 0)
    known[row, features.SOUNDED + sounded.pitches[row, voice] - LOWEST] = 1
    for key, block in ((seen.home, 0), (seen.key, 12)):
        there = np.flatnonzero(key != NONE)
        known[there, features.TONICS + block + key[there] % 12] = 1
    before = sounded.pitches.astype(int)
    chosen = np.where((spelled >= 0) & (spelled < features.END), LOWEST + spelled % PITCHES, -1)
    for count in range(spelled.shape[1]):
        here = np.flatnonzero(spelled[:, count] != EMPTY)
        if count:
            _choose(known, spelled, before, here, count)
        found[here, count] = known[here]
        _from_origin(found, chosen, before, here, count)
    return found


def _choose(known: Rows, spelled: Indexes, before: Ints, here: Ints, count: int) -> None:
    """Take the symbol before this one into what is known."""
    symbol = spelled[here, count - 1]
    known[here, symbol] = 1
    if count <= features.VOICES and count <= before.shape[1]:
        then = before[here, count - 1]
        moved = then >= 0
        step = CLOSE[LOWEST + symbol[moved] % PITCHES - then[moved]]
        known[here[moved], features.MOVED + features.STEPS * (count - 1) + step] = 1


def _from_origin(found: Rows, chosen: Ints, before: Ints, here: Ints, count: int) -> None:
    """Set the columns that depend on where the voice now to be spelled comes from."""
    lead = before[here, count] if count < before.shape[1] else np.full(len(here), -1)
    comes = lead >= 0
    found[here[comes], count, features.LEADS + lead[comes] - LOWEST] = 1
    if count and comes.any():
        _parallels(found, chosen, before, here[comes], lead[comes], count)
    origin = np.where(comes, lead, chosen[here, count - 1]) if count else lead
    for block, pitches in ((features.CHOSEN, chosen[here, :count]), (features.LEFT, before[here])):
        row, voice = np.nonzero((pitches >= 0) & (origin >= 0)[:, None])
        found[here[row], count, block + _NEAR[pitches[row, voice] - origin[row]]] = 1


def _parallels(found: Rows, chosen: Ints, before: Ints, here: Ints, lead: Ints, count: int) -> None:
    """Set the pitches on which the voice would run in parallel unisons, octaves or fifths with one above it."""
    origin, pitch = before[here, :count], chosen[here, :count]
    interval = (origin - lead[:, None]) % 12
    row, voice = np.nonzero(np.isin(interval, _PERFECT) & (pitch != origin))
    low = lead[row] - 12
    first = low + (pitch[row, voice] - interval[row, voice] - low) % 12
    for wrong in (first, first + 12, first + 24):
        near = (wrong <= lead[row] + 12) & (wrong < pitch[row, count - 1]) & (wrong >= LOWEST) & (wrong != lead[row])
        found[here[row[near]], count, features.PARALLEL + wrong[near] - LOWEST] = 1
