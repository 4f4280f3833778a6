"""Store a sequence of events as arrays, from which a day of music is counted.

Law: a row holds what sounds, what starts and for how long, and where the music breaks off; all figures of style and of
copying come from rows, for Bach's music and a model's alike.

An event takes some 20 bytes here, as an object fifty times that.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from bachd.music.event import Event
from bachd.music.piece import Piece

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Tokens = npt.NDArray[np.uint64]
"""Numbers that are equal if, and practically only if, what they stand for is equal."""

# One random number for a note that starts and one for a note that is held; a chord is their sum (Zobrist 1970).
_NUMBERS: Final = np.random.default_rng(1750).integers(0, 2**64, (2, 128), np.uint64)
_STARTS, _HELD = _NUMBERS


@dataclass(frozen=True)
class Row:
    """N events with M sounding notes in all."""

    bounds: Ints
    """Shape (N + 1,): the notes of event j are those from bounds[j] up to bounds[j + 1]."""
    pitches: npt.NDArray[np.uint8]
    """Shape (M,): MIDI numbers, ascending within an event."""
    starts: Flags
    """Shape (M,): whether the note starts here; it is held otherwise."""
    ticks: Ints
    """Shape (N,): length of each event."""
    breaks: Flags
    """Shape (N,): whether the event does not follow the one before it, as at the start of a piece."""

    def __len__(self) -> int:
        return len(self.ticks)

    @cached_property
    def voices(self) -> Ints:
        """Shape (N,): how many notes sound in each event."""
        return np.diff(self.bounds)

    @cached_property
    def tops(self) -> Ints:
        """Shape (N,): the highest note of each event; in a rest, that of the event before, or 0."""
        tops = np.zeros(len(self), np.int64)
        sound = self.voices > 0
        tops[sound] = self.pitches[self.bounds[1:][sound] - 1]
        last = np.maximum.accumulate(np.where(sound, np.arange(len(self)), 0)) if len(self) else tops
        return tops[last]

    def chords(self) -> Tokens:
        """Shape (N,): what sounds in each event, whether it starts or is held."""
        return self._summed(_STARTS[self.pitches])

    def spellings(self) -> Tokens:
        """Shape (N,): what sounds, and which of it starts."""
        return self._summed(np.where(self.starts, _STARTS[self.pitches], _HELD[self.pitches]))

    def shapes(self) -> Tokens:
        """Shape (N,): what sounds, measured from the highest note."""
        return self._summed(_STARTS[np.repeat(self.tops, self.voices) - self.pitches])

    def struck(self, first: int, last: int) -> npt.NDArray[np.uint8]:
        """The notes that start in the events from `first` up to `last`."""
        here = slice(self.bounds[first], self.bounds[last])
        return self.pitches[here][self.starts[here]]

    def _summed(self, values: Tokens) -> Tokens:
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])  # wraps around
        totals: Tokens = sums[self.bounds[1:]] - sums[self.bounds[:-1]]
        return totals


class Recorder:
    """Makes a row event by event."""

    def __init__(self) -> None:
        self._bounds = array("q", [0])
        self._pitches = array("B")
        self._starts = array("B")
        self._ticks = array("q")
        self._breaks = array("B")

    def add(self, event: Event, *, breaks: bool) -> None:
        """Append an event; `breaks` if it does not follow the one before it."""
        self._pitches.extend(event.sounding)
        self._starts.extend(pitch in event.starts for pitch in event.sounding)
        self._bounds.append(len(self._pitches))
        self._ticks.append(event.ticks)
        self._breaks.append(breaks)

    def row(self) -> Row:
        """The events appended so far."""
        return Row(
            np.array(self._bounds, np.int64),
            np.array(self._pitches, np.uint8),
            np.array(self._starts, bool),
            np.array(self._ticks, np.int64),
            np.array(self._breaks, bool),
        )


def of_pieces(pieces: Iterable[Piece]) -> Row:
    """Pieces one after the other; each begins with a break."""
    recorder = Recorder()
    for piece in pieces:
        for index, event in enumerate(piece.events):
            recorder.add(event, breaks=index == 0)
    return recorder.row()
