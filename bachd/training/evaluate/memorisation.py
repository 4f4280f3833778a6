"""Measure how much of some music is copied from other music, note for note.

Law: a copy is a run of the same chords one after the other, whatever their lengths and wherever it stands; Bach is held
against himself by the same measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bachd.training.evaluate.event_arrays import Ints, Row, Tokens

_BASE = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@dataclass(frozen=True, slots=True)
class Copying:
    """For each event of some music: how many events from there on also stand in the source, in a row."""

    p50: float
    """The median of them."""
    p99: float
    """Only one in a hundred is longer."""
    longest: int


def of(music: Row, source: Row, *, transposed: bool) -> Copying:
    """Return the overlap of `music` with `source`: at the same pitch, or also transposed."""
    runs = common(music, source, transposed=transposed)
    if not len(runs):
        return Copying(0, 0, 0)
    return Copying(float(np.percentile(runs, 50)), float(np.percentile(runs, 99)), int(runs.max()))


def common(music: Row, source: Row, *, transposed: bool) -> Ints:
    """For each event of `music`, shape (N,): the length of the longest run from there on that stands in `source`.

    No run reaches across a break, in either. Moved runs are found by what no move changes: the first chord measured
    from its highest note, then for each chord that and the step of the highest note.
    """
    runs = np.zeros(len(music), np.int64)
    here, there = np.arange(len(music)), np.arange(len(source))
    ours, theirs = _firsts(music, transposed), _firsts(source, transposed)
    further, onward = _nexts(music, transposed), _nexts(source, transposed)
    length = 0
    # Only what matched at one length, on both sides, can match at the next: both shrink fast.
    while True:
        match = np.isin(ours, theirs)
        here, ours = here[match], ours[match]
        if not len(here):
            return runs
        length += 1
        runs[here] = length
        match = np.isin(theirs, ours)
        there, theirs = there[match], theirs[match]
        here, ours = _longer(here, ours, length, music, further)
        there, theirs = _longer(there, theirs, length, source, onward)


def _firsts(row: Row, transposed: bool) -> Tokens:
    return row.shapes() if transposed else row.chords()


def _nexts(row: Row, transposed: bool) -> Tokens:
    """A token of each event as the next one of a run."""
    if not transposed:
        return row.chords()
    steps = np.diff(row.tops, prepend=0).astype(np.uint64)  # wraps around below 0
    return row.shapes() + (steps + np.uint64(1)) * _BASE


def _longer(at: Ints, hashes: Tokens, length: int, row: Row, tokens: Tokens) -> tuple[Ints, Tokens]:
    """The runs that begin `at` and go on after `length` events, and their hashes one event further."""
    goes_on = at + length < len(row)
    at, hashes = at[goes_on], hashes[goes_on]
    goes_on = ~row.breaks[at + length]
    at, hashes = at[goes_on], hashes[goes_on]
    mixed = (hashes ^ (hashes >> _SHIFT)) * _BASE + tokens[at + length]
    return at, mixed
