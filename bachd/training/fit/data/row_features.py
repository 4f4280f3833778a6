"""Compute what the trunk sees of many events at once: `features.columns` as arrays.

Law: the columns are those that the scalar functions of `neural.features` give, for each event, in each key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from bachd.neural import features, outlook
from bachd.neural.features import LOWEST, PITCHES
from bachd.training.fit.data.records import NONE, Bools, Bytes, Chords, Ints, Packed

CLOSE: Final = np.array(features.CLOSE)
"""As in `features`, by a difference of two MIDI numbers."""


class Seen(NamedTuple):
    """What is known of N events before they are chosen; keys as in a record, moved."""

    home: Ints
    key: Ints
    clock: Ints
    """Row of `Packed.clocks`."""
    given: Ints
    """MIDI number of the top note, where it is given; else -1."""
    held: Bools
    """Whether that is held."""

    def of(self, some: Ints) -> Seen:
        """The same of some of the events."""
        return Seen(self.home[some], self.key[some], self.clock[some], self.given[some], self.held[some])


def rows(packed: Packed, records: Ints, steps: Ints, past: Chords, earlier: Chords, seen: Seen) -> Bytes:
    """Return the rows before N events, shape (N, ROW), zeros and ones.

    records: those of the events. steps: their numbers in their pieces from 0; those below have no record, but are the
    rows before a beginning. past, earlier: the event before each, and the one before that, which may be none.
    """
    found = np.zeros((len(records), features.ROW), np.uint8)
    real, later = np.flatnonzero(steps >= 0), np.flatnonzero(steps > 0)
    found[real, features.PLACE : features.BEFORE] = packed.places[packed.records["place"][records[real]]]
    found[later, features.LENGTH + packed.records["length"][records[later] - 1].astype(int)] = 1
    found[steps <= 0, features.BEFORE] = 1
    _sounding(found, past, earlier)
    _ahead(found, packed, past, seen)
    return found


def _sounding(found: Bytes, past: Chords, earlier: Chords) -> None:
    """Set the columns of the notes, and those of their intervals."""
    row, voice = np.nonzero(past.pitches >= 0)
    pitch = past.pitches[row, voice].astype(int)
    found[row, pitch - LOWEST + PITCHES * past.held[row, voice]] = 1
    bass = lowest(past)
    found[row, features.ABOVE + (pitch - bass[row]) % 12] = 1
    sounds = np.flatnonzero(bass >= 0)
    found[sounds, features.BASS + bass[sounds] % 12] = 1
    voices = min(features.VOICES, past.pitches.shape[1], earlier.pitches.shape[1])
    now, then = past.pitches[:, :voices].astype(int), earlier.pitches[:, :voices].astype(int)
    row, voice = np.nonzero((now >= 0) & (then >= 0))
    found[row, features.STEPPED + features.STEPS * voice + CLOSE[now[row, voice] - then[row, voice]]] = 1


def _ahead(found: Bytes, packed: Packed, past: Chords, seen: Seen) -> None:
    """Set the columns of what is known of the next event."""
    first = features.OUTLOOK
    found[:, first : first + outlook.HOME] = packed.clocks[seen.clock]
    bass, top = lowest(past), past.pitches[:, 0].astype(int)
    for key, block in ((seen.home, outlook.HOME), (seen.key, outlook.KEY)):
        known = np.flatnonzero(key != NONE)
        found[known, first + block + key[known]] = 1
    given = np.flatnonzero(seen.given >= 0)
    found[given, first + outlook.GIVEN + seen.given[given] - LOWEST] = 1
    found[given, first + np.where(seen.held[given], outlook.HELD, outlook.STRUCK)] = 1
    row, voice = np.nonzero((past.pitches >= 0) & (seen.home != NONE)[:, None])
    found[row, features.DEGREE + (past.pitches[row, voice] - seen.home[row] % 12) % 12] = 1
    sounds = np.flatnonzero((bass >= 0) & (seen.key != NONE))
    tonic = seen.key[sounds] % 12
    found[sounds, features.DEGREE + 12 + (bass[sounds] - tonic) % 12] = 1
    found[sounds, features.DEGREE + 24 + (top[sounds] - tonic) % 12] = 1


def lowest(chords: Chords) -> Ints:
    """Return the lowest pitch of each event, shape (N,); -1 for a rest."""
    last = np.maximum(chords.counts - 1, 0)
    return np.asarray(chords.pitches[np.arange(len(last)), last].astype(int))
