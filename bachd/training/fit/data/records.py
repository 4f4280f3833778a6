"""Pack pieces into records of some 20 bytes an event, from which features are computed when a batch is made.

Law: a record holds what was written and what the plan says of it, in no key but its own; nothing of the feature layout
but which columns say where in the bar, and where in the phrase, an event begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bachd.errors import EXIT_UNAVAILABLE, BachdError
from bachd.music.event import Event
from bachd.music.form.plan import Form
from bachd.music.keys import Key
from bachd.music.piece import Piece
from bachd.neural import features, outlook
from bachd.training.fit.data import melody_keys

RECORD: Final = np.dtype(
    [
        ("note", "<u4"),  # index of the event's first note
        ("place", "<u2"),  # row of `Packed.places`
        ("clock", "<u2"),  # row of `Packed.clocks`
        ("length", "u1"),  # index in LENGTHS; NONE at the end of the piece
        ("home", "u1"),  # a key: its tonic, and 12 more in minor; NONE where it is not known
        ("key", "u1"),
        ("melody_home", "u1"),  # the keys that the top voice suggests by itself
        ("melody_key", "u1"),
    ]
)
NONE: Final = 255
HELD: Final = 128
"""Added to the MIDI number of a note that is held."""
_NOT_HELD: Final = HELD - 1

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class CutShortError(BachdError):
    """A file that is mapped into memory has become shorter; to read on would end this process (SIGBUS)."""

    exit_code = EXIT_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Packed:
    """P pieces. A piece of n events has n + 1 records, the last one of its end."""

    records: npt.NDArray[np.void]
    """Shape (R + 1,), of RECORD; the last one only says where the notes end."""
    notes: Bytes
    """The notes of all events, each event's ascending."""
    first: Ints
    """Shape (P + 1,): the first record of each piece, and R."""
    room: npt.NDArray[np.int8]
    """Shape (P, 2): semitones by which each piece can move down (negative) and up."""
    places: Bytes
    """The columns features.PLACE to features.BEFORE that occur, zeros and ones."""
    clocks: Bytes
    """The columns of an outlook below outlook.HOME that occur, zeros and ones; the first row has none."""

    def __len__(self) -> int:
        return len(self.first) - 1

    def require_whole(self) -> None:
        """Raise CutShortError if that has happened to one of its files."""
        require_whole(self.records)
        require_whole(self.notes)


def require_whole(array: npt.NDArray[Any]) -> None:
    """Raise CutShortError if an array is mapped from a file that has become shorter; one that is removed stays."""
    if isinstance(array, np.memmap) and array.filename is not None:
        try:
            size = Path(array.filename).stat().st_size
        except OSError:
            return
        if size < array.offset + array.nbytes:
            raise CutShortError(
                f"{array.filename} was cut short while it was read, to {size} of {array.offset + array.nbytes} bytes; "
                "the same command makes it anew, and goes on from the last finished epoch"
            )


class Chords:
    """N events as arrays of one width, their notes from the top down."""

    def __init__(self, pitches: npt.NDArray[np.int16], held: Bools) -> None:
        """`pitches` (N, V) are MIDI numbers, -1 where there are fewer; `held` says which are held."""
        self.pitches = pitches
        self.held = held

    def of(self, some: Ints) -> Chords:
        """Return some of the events."""
        return Chords(self.pitches[some], self.held[some])

    def trimmed(self) -> Chords:
        """Return the events as arrays that are no wider than the most notes that one of them has, and at least 1."""
        width = max(1, int(self.counts.max(initial=0)))
        return Chords(self.pitches[:, :width], self.held[:, :width])

    @property
    def counts(self) -> Ints:
        """How many notes each has, shape (N,)."""
        return np.asarray((self.pitches >= 0).sum(axis=1))


def chords(packed: Packed, records: Ints) -> Chords:
    """Return the events of some records, shape (N,); a rest where the index is negative."""
    there = np.maximum(records, 0)
    starts = packed.records["note"][there].astype(np.int64)
    counts = np.where(records < 0, 0, packed.records["note"][there + 1] - starts)
    width = max(1, int(counts.max(initial=0)))
    at = (starts + counts)[:, None] - 1 - np.arange(width)
    real = np.arange(width) < counts[:, None]
    notes = packed.notes[np.where(real, at, 0)] if len(packed.notes) else np.zeros(at.shape, np.uint8)
    pitches = (notes & _NOT_HELD).astype(np.int16)
    return Chords(np.where(real, pitches, np.int16(-1)), real & (notes >= HELD))


def in_layout(piece: Piece) -> list[Event]:
    """The events of a piece in terms of the feature layout."""
    return [part for event in piece.events for part in features.to_layout(event)]


def pack(pieces: Iterable[tuple[Piece, Form | None]], *, melodies: bool = False) -> Packed:
    """Pack pieces with their forms. melodies: whether their top voices may be given."""
    rows: list[tuple[int, ...]] = []
    notes = bytearray()
    first, room = [0], []
    places: dict[tuple[int, ...], int] = {}
    clocks: dict[tuple[int, ...], int] = {(): 0}
    for piece, form in pieces:
        events = in_layout(piece)
        onsets = list(accumulate((event.ticks for event in events), initial=0))
        suggested = _suggested(events) if melodies else [(NONE, NONE)] * (len(events) + 1)
        for event, tick, keys in zip([*events, None], onsets, suggested, strict=True):
            place = places.setdefault(tuple(features.place_columns(piece.grid.place(tick))), len(places))
            home, key, clock = _planned(form, tick, clocks)
            length = NONE if event is None else features.LENGTHS.index(event.ticks)
            rows.append((len(notes), place, clock, length, home, key, *keys))
            if event is not None:
                held = set(event.held)
                notes += bytes(pitch | HELD if pitch in held else pitch for pitch in event.sounding)
        first.append(len(rows))
        pitches = [pitch for event in events for pitch in event.sounding] or [features.LOWEST]
        room.append((features.LOWEST - min(pitches), features.HIGHEST - max(pitches)))
    rows.append((len(notes), 0, 0, NONE, NONE, NONE, NONE, NONE))
    return Packed(
        np.array(rows, RECORD),
        np.frombuffer(bytes(notes), np.uint8),
        np.array(first),
        np.array(room, np.int8).reshape(-1, 2),
        _table(places, features.PLACE, features.BEFORE),
        _table(clocks, 0, outlook.HOME),
    )


def _suggested(events: Sequence[Event]) -> list[tuple[int, int]]:
    """The keys that the top voice suggests at each event, and at the end."""
    sounding = [index for index, event in enumerate(events) if event.sounding]
    pitch_classes = np.array([events[index].sounding[-1] % 12 for index in sounding], int)
    found = np.full((len(events) + 1, 2), NONE)
    found[sounding] = melody_keys.suggested(pitch_classes, np.array([events[index].ticks for index in sounding], int))
    return [(home, key) for home, key in found.tolist()]


def _planned(form: Form | None, tick: int, clocks: dict[tuple[int, ...], int]) -> tuple[int, int, int]:
    """What a form says of the event at a tick: the home key, the key, and the row of its clock."""
    if form is None:
        return NONE, NONE, 0
    ahead = outlook.ahead(form, tick)
    assert ahead.clock is not None
    columns = tuple(outlook.clock_columns(ahead.clock))
    return _code(ahead.home), _code(ahead.key), clocks.setdefault(columns, len(clocks))


def _code(key: Key | None) -> int:
    return NONE if key is None else key.tonic + 12 * key.minor


def _table(columns: Iterable[tuple[int, ...]], first: int, end: int) -> Bytes:
    """Return rows of zeros and ones in which the columns from `first` to before `end` are set."""
    rows = list(columns)
    table = np.zeros((len(rows), end - first), np.uint8)
    for row, found in zip(table, rows, strict=True):
        row[[column - first for column in found]] = 1
    return table
