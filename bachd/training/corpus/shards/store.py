"""Keep the works that were read as shards on disk: Arrow files, mapped into memory, whose pieces are decoded on demand.

Law: a shard is named after the digest of its contents and takes its place when it is whole; one that is damaged or of
another version costs a line of the log and the time to read its works again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bachd import atomic_file
from bachd.music.event import Event
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece
from bachd.training.corpus.related import row_hashes
from bachd.training.corpus.shards import mapped

log = logging.getLogger(__name__)

VERSION: Final = "9"
"""Of what stands in a shard; raised when that, or the reading, changes."""
_HELD: Final = 128
"""Added to the MIDI number of a note that is held."""
_ENDING: Final = ".arrow"
_SCHEMA: Final = pa.schema(
    {
        "key": pa.string(),
        "dropped": pa.string(),
        "title": pa.string(),
        "credit": pa.string(),
        "touched": pa.string(),
        "music": pa.string(),
        "notes": pa.list_(pa.uint8()),
        "counts": pa.list_(pa.uint8()),
        "ticks": pa.list_(pa.int32()),
        "changes": pa.list_(pa.int32()),
        "upbeat": pa.int32(),
        "rows": pa.list_(pa.uint64()),
    },
    {"bachd": VERSION},
)
_SMALL: Final = ("key", "dropped", "title", "credit", "touched", "music")
"""Columns that are read for all works at once."""

Packed = dict[str, Any]
"""A row of a shard."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A work in a shard: all of it that is small."""

    shard: Path
    row: int
    dropped: str | None
    """Why it is left out; None if it is kept."""
    title: str
    credit: str
    touched: Mapping[str, int]
    """What was changed when it was read, in figures."""
    music: str
    """A digest of its events, and one of its bars, with a space between."""

    def piece(self, name: str) -> StoredPiece:
        """Return its piece under a name."""
        return StoredPiece(name, self.shard, self.row, self.music)

    def rows(self) -> npt.NDArray[np.uint64]:
        """Return its `related.row_hashes`."""
        return np.asarray(mapped.values(self.shard, "rows", self.row), np.uint64)


class StoredPiece(Piece):
    """A piece whose events are decoded from its shard when they are asked for."""

    __slots__ = ("_row", "_shard", "music")

    _shard: Path
    _row: int
    music: str
    """As `Entry.music`."""

    def __init__(self, name: str, shard: Path, row: int, music: str) -> None:
        for attribute, value in (("name", name), ("_shard", shard), ("_row", row), ("music", music)):
            object.__setattr__(self, attribute, value)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events; those of the last few pieces are remembered."""
        return _decoded(self._shard, self._row)[0]

    @property
    def grid(self) -> Grid:
        """The bar lines."""
        return _decoded(self._shard, self._row)[1]

    @property
    def bpm(self) -> None:
        """No tempo: nothing is learned from it."""
        return

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredPiece, (self.name, self._shard, self._row, self.music)


class Store:
    """The shards in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: dict[str, Entry] = {}
        useless: dict[str, list[Path]] = {}
        for file in sorted(folder.glob(f"*{_ENDING}")):
            if reason := _fault(file):
                useless.setdefault(reason, []).append(file)
                file.unlink(missing_ok=True)
            else:
                self._take_in(file)
        for reason, files in useless.items():
            which, whose = ("is", "its") if len(files) == 1 else (f"and {len(files) - 1} more are", "their")
            log.warning("%s %s %s: %s works are read again", files[0], which, reason, whose)

    def __getitem__(self, key: str) -> Entry:
        return self._entries[key]

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def add(self, rows: Sequence[Packed]) -> None:
        """Write some works as a shard. Raises OSError if that cannot be."""
        if rows:
            data = _serialised(rows)
            file = self.folder / f"{hashlib.sha256(data).hexdigest()[:32]}{_ENDING}"
            self.folder.mkdir(parents=True, exist_ok=True)
            atomic_file.replace(file, data)
            self._take_in(file)

    def keep_only(self, keys: Iterable[str]) -> None:
        """Remove shards of which no work is wanted any more."""
        wanted = {self._entries[key].shard for key in keys}
        for file in {entry.shard for entry in self._entries.values()} - wanted:
            file.unlink(missing_ok=True)

    def _take_in(self, file: Path) -> None:
        table = mapped.table(file).select(_SMALL).to_pydict()
        for row, (key, dropped, title, credit, touched, music) in enumerate(zip(*table.values(), strict=True)):
            self._entries[key] = Entry(file, row, dropped, title, credit, json.loads(touched), music)


def pack(key: str, row: Mapping[str, Any]) -> Packed:
    """Return what `read_file.read` gave as a row of a shard."""
    found: Packed = {
        "key": key,
        "dropped": row.get("dropped"),
        "title": row.get("title", ""),
        "credit": str(row.get("credit", "")),
        "touched": json.dumps(row.get("touched", {})),
    }
    events = row.get("events", ())
    notes = [sorted((*starts, *(pitch | _HELD for pitch in held)), key=_pitch) for starts, held, _ in events]
    found |= {
        "notes": np.array([note for chord in notes for note in chord], np.uint8),
        "counts": np.array([len(chord) for chord in notes], np.uint8),
        "ticks": np.array([ticks for _, _, ticks in events], np.int32),
        "changes": np.array([number for change in row.get("changes", ()) for number in change], np.int32),
        "upbeat": row.get("upbeat", 0),
        "rows": row_hashes(row.get("melodies", ())),
    }
    music = _digest(found, "notes", "counts", "ticks"), _digest(found, "changes", "upbeat")
    return found | {"music": " ".join(music)}


def _digest(row: Packed, *names: str) -> str:
    """Return a digest of some columns."""
    found = hashlib.sha256()
    for name in names:
        found.update(np.asarray(row[name]).tobytes() + b"|")
    return found.hexdigest()[:32]


def _pitch(note: int) -> int:
    return note % _HELD


def _serialised(rows: Sequence[Packed]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({name: pa.array([row[name] for row in rows], _SCHEMA.field(name).type) for name in _SCHEMA.names})
    with pa.ipc.new_file(sink, _SCHEMA) as out:
        out.write_table(table.cast(_SCHEMA).combine_chunks())
    return bytes(sink.getvalue())


def _fault(file: Path) -> str:
    """Return what is wrong with a shard; '' for nothing."""
    with file.open("rb") as opened:
        if hashlib.file_digest(opened, "sha256").hexdigest()[:32] != file.stem:
            return "damaged"
    try:
        version = (mapped.table(file).schema.metadata or {}).get(b"bachd", b"").decode()
    except (pa.ArrowException, OSError):
        return "damaged"
    return "" if version == VERSION else "of another version of bachd"


@lru_cache(8)
def _decoded(file: Path, row: int) -> tuple[tuple[Event, ...], Grid]:
    notes, counts, ticks, changes = (
        mapped.values(file, name, row).tolist() for name in ("notes", "counts", "ticks", "changes")
    )
    ends = accumulate(counts, initial=0)
    events = tuple(
        Event(
            tuple(note for note in notes[first:end] if note < _HELD),
            tuple(note - _HELD for note in notes[first:end] if note >= _HELD),
            length,
        )
        for (first, end), length in zip(pairwise(ends), ticks, strict=True)
    )
    every = zip(changes[::3], changes[1::3], changes[2::3], strict=True)
    upbeat = mapped.table(file).column("upbeat")[row].as_py()
    return events, Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in every), upbeat)
