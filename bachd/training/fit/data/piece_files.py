"""Keep packed pieces as files that are mapped into memory, so that a corpus of any size can be trained on.

Law: files are written aside and take their place when they are whole; pieces of another corpus, recipe or layout, and
files that are damaged, are never taken for these.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, BinaryIO, Final

import numpy as np

from bachd.music.form import written
from bachd.music.piece import Piece
from bachd.training import disk
from bachd.training.fit.data.records import RECORD, Packed, pack
from bachd.training.progress import progress

log = logging.getLogger(__name__)

_CHUNK: Final = 64
"""Pieces that a process packs at a time."""
_FEW: Final = 128
"""Pieces that are packed at once; to start processes takes longer."""
_INDEX: Final = "index.json"
_TABLES: Final = ("first", "room", "places", "clocks")
_FILES: Final = ("records", "notes", *(f"{name}.npy" for name in _TABLES))

Known = tuple[Piece, Sequence[int]]
"""A piece, and the ticks at which its phrases end, if known."""
Columns = dict[bytes, int]


@dataclass(frozen=True, slots=True)
class _Job:
    """What a process has to pack."""

    pieces: list[Known]
    melodies: bool


def packed(folder: Path, of: str, pieces: Sequence[Known], *, melodies: bool) -> Packed:
    """Return pieces, packed with their forms, from files in a folder; they are made if they are not there.

    of: names what they are made from. melodies: whether their top voices may be given. Raises DiskError when the files
    cannot be written.
    """
    found = _found(folder, of)
    if found is None:
        if folder.exists() and _of(folder) in (of, None):
            log.warning("%s is damaged: it is made again", folder)
        with disk.writing(folder, "make room, and the same command makes them again"):
            _write(folder, of, pieces, melodies=melodies)
            found = _found(folder, of)
            if found is None:
                raise OSError("it cannot be read back")
    return found


def _of(folder: Path) -> str | None:
    """Return what the pieces in a folder were made from; None if that cannot be read."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        return str(json.loads((folder / _INDEX).read_text())["of"])
    return None


def _found(folder: Path, of: str) -> Packed | None:
    """Return the pieces in a folder; None if there are none, others, or files that are damaged."""
    try:
        index = json.loads((folder / _INDEX).read_text())
        if index["of"] != of or index["sums"] != _sums(folder):
            return None
        tables = (np.load(folder / f"{name}.npy") for name in _TABLES)
        records = np.memmap(folder / "records", RECORD, "r", shape=(index["records"],))
        size = index["notes"]
        notes = np.memmap(folder / "notes", np.uint8, "r", shape=(size,)) if size else np.zeros(0, np.uint8)
        return Packed(records, notes, *tables)
    except (OSError, EOFError, ValueError, KeyError, TypeError):
        return None


def _sums(folder: Path) -> dict[str, str]:
    """Return the digest of each file."""
    found = {}
    for name in _FILES:
        with (folder / name).open("rb") as opened:
            found[name] = hashlib.file_digest(opened, "sha256").hexdigest()
    return found


def _write(folder: Path, of: str, pieces: Sequence[Known], *, melodies: bool) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        writer = _Writer(aside)
        for part in _parts(pieces, melodies):
            writer.add(part)
        writer.close(of)
        with _alone_in(folder.parent):
            if _found(folder, of) is None:  # else another worker has made them in the meantime
                rmtree(folder, ignore_errors=True)
                aside.rename(folder)
    finally:
        rmtree(aside, ignore_errors=True)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep the other workers waiting that come to here with the same folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _parts(pieces: Sequence[Known], melodies: bool) -> Iterator[Packed]:
    """Yield the pieces, packed some at a time, in their order."""
    jobs = [_Job(list(chunk), melodies) for chunk in _chunks(pieces)]
    if len(pieces) <= _FEW:
        yield from map(_pack, jobs)
        return
    # Not forked: TensorFlow may have begun threads here, whose locks no child could open.
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        yield from progress(pool.map(_pack, jobs), "finding phrases", total=len(jobs), unit="part")


def _chunks(pieces: Iterable[Known]) -> Iterator[tuple[Known, ...]]:
    rest = iter(pieces)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk


def _pack(job: _Job) -> Packed:
    return pack(((piece, written.of(piece, ends)) for piece, ends in job.pieces), melodies=job.melodies)


class _Writer:
    """Append packed pieces to files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._records: BinaryIO = (folder / "records").open("wb")
        self._notes: BinaryIO = (folder / "notes").open("wb")
        self._written = {"records": 0, "notes": 0}
        self._first, self._room = [np.zeros(1, np.int64)], [np.zeros((0, 2), np.int8)]
        self._places: Columns = {}
        self._clocks: Columns = {}

    def add(self, part: Packed) -> None:
        """Append some pieces."""
        records = np.array(part.records[:-1])
        records["note"] += self._written["notes"]
        for name, table, known in (("place", part.places, self._places), ("clock", part.clocks, self._clocks)):
            codes = np.array([known.setdefault(row.tobytes(), len(known)) for row in table])
            records[name] = codes[records[name]]
        self._first.append(part.first[1:] + self._written["records"])
        self._room.append(part.room)
        self._records.write(records.tobytes())
        self._notes.write(part.notes.tobytes())
        self._written["records"] += len(records)
        self._written["notes"] += len(part.notes)

    def close(self, of: str) -> None:
        """Write the last record and all that is small."""
        end = np.zeros(1, RECORD)
        end["note"] = self._written["notes"]
        for name in ("home", "key", "melody_home", "melody_key", "length"):
            end[name] = 255
        self._records.write(end.tobytes())
        for file in (self._records, self._notes):
            file.close()
        tables: dict[str, Any] = {"first": np.concatenate(self._first), "room": np.concatenate(self._room)}
        for name, known in (("places", self._places), ("clocks", self._clocks)):
            tables[name] = np.array([np.frombuffer(row, np.uint8) for row in known])
        for name in _TABLES:
            np.save(self._folder / f"{name}.npy", tables[name])
        records, notes = self._written["records"] + 1, self._written["notes"]
        index = {"of": of, "records": records, "notes": notes, "sums": _sums(self._folder)}
        (self._folder / _INDEX).write_text(json.dumps(index))
