"""Alter the past of a piece: spans of the voices below the top are those of other places with the same top note.

Law: lengths and top notes stay; an alteration follows from the piece, the voicings and the generator that is passed in.

A network that has only ever seen Bach's past is lost after its own first mistakes: it is exposed to nothing else
(Ranzato et al. 2016, arXiv:1511.06732). What is to be predicted after an altered past is still what Bach wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.neural import features
from bachd.training.fit.data.records import NONE, Chords, Ints, Packed, chords

_BEGIN: Final = 0.12
"""Probability that an altered span begins with an event."""
_CONTINUE: Final = 0.85
"""Probability that it goes on with the next."""
_MOST: Final = 200_000
"""Events whose voicings are remembered; of more, so many are drawn."""
_KEYS: Final = 24


@dataclass(frozen=True, slots=True)
class Voicings:
    """What stands below top notes in some pieces, by the degree of the top note and the mode."""

    below: npt.NDArray[np.int16]
    """Shape (N, V): semitones below the top note, from the top down, negative; 0 where there are fewer."""
    first: Ints
    """Shape (25,): where those begin whose top note lies 0 to 11 semitones above the tonic of a major key, then of a
    minor one; and N."""


def voicings(packed: Packed) -> Voicings:
    """Collect what stands below each top note in some pieces."""
    total = len(packed.records) - 1
    drawn = np.arange(total)
    if total > _MOST:
        drawn = np.sort(np.random.default_rng(0).choice(total, _MOST, replace=False))
    found = chords(packed, drawn)
    home = packed.records["home"][drawn]
    there = (found.pitches[:, 0] >= 0) & (home != NONE)
    pitches = found.pitches[there]
    kinds = _kinds(pitches[:, 0], home[there])
    order = np.argsort(kinds, kind="stable")
    below = np.where(pitches >= 0, pitches - pitches[:, :1], 0)[order, 1:]
    return Voicings(below.astype(np.int16), np.searchsorted(kinds[order], np.arange(_KEYS + 1)))


def altered_past(packed: Packed, piece: int, known: Voicings, rng: np.random.Generator) -> Chords:
    """Return the events of a piece, with spans of other notes below the top ones."""
    records = np.arange(packed.first[piece], packed.first[piece + 1] - 1)
    events = chords(packed, records)
    inside, drawn = _spans(rng.random(len(records))), rng.random(len(records))
    tops = events.pitches[:, 0]
    kinds = _kinds(tops, packed.records["home"][records])
    counts = np.diff(known.first)[kinds]
    changed = np.flatnonzero(inside & (tops >= 0) & (counts > 0))
    below = known.below[(known.first[kinds] + drawn * counts).astype(int)[changed]]
    pitches = np.full((len(records), max(events.pitches.shape[1], 1 + below.shape[1])), -1, np.int16)
    pitches[:, : events.pitches.shape[1]] = events.pitches
    other = tops[changed, None] + below
    pitches[changed, 1:] = -1
    pitches[changed, 1 : 1 + below.shape[1]] = np.where((below < 0) & (other >= features.LOWEST), other, -1)
    return Chords(pitches, _held(events, pitches, changed)).trimmed()


def _kinds(tops: npt.NDArray[np.int16], homes: npt.NDArray[np.uint8]) -> Ints:
    """Return the semitones of top notes above their tonics, and 12 more in minor; 0 where no key is known."""
    tonics, minor = homes.astype(int) % 12, homes // 12 == 1
    return np.where(homes == NONE, 0, (tops - tonics) % 12 + 12 * minor)


def _spans(draws: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which events lie in altered spans, each of which begins and goes on by chance."""
    decided = (draws < _BEGIN) | (draws >= _CONTINUE)  # between the two, an event is as the one before
    last = np.maximum.accumulate(np.where(decided, np.arange(len(draws)), -1))
    return (last >= 0) & (draws[last] < _BEGIN)


def _held(events: Chords, pitches: npt.NDArray[np.int16], changed: Ints) -> npt.NDArray[np.bool_]:
    """Return which notes are held: of changed ones those that sounded, where nothing starts; a top one as written."""
    held = np.zeros(pitches.shape, np.bool_)
    held[:, : events.held.shape[1]] = events.held
    before = np.concatenate([np.full((1, pitches.shape[1]), -2, np.int16), pitches[:-1]])
    sounded = (pitches[:, :, None] == before[:, None]).any(axis=2) & (pitches >= 0)
    going_on = (events.held == (events.pitches >= 0)).all(axis=1)
    held[changed, 1:] = (sounded & going_on[:, None])[changed, 1:]
    return held
