"""Read a folder of .mid files and scores as a corpus.

Law: whatever lies in the folder, each file becomes a work or is listed with the reason why not; only a folder without
any music, or a manifest that makes no sense, ends the reading.

A file MANIFEST.csv in the folder, if there is one, says more: its columns `file`, `bwv` (whose works belong together),
`title`, `movement`, `licence`, `maintainer`, `source` and `split` (train, valid, test; 'optional' is train) are read.
"""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

from bachd.errors import pip_install
from bachd.training.corpus import related, split
from bachd.training.corpus.cache import cache_folder
from bachd.training.corpus.model import Corpus, CorpusError, Work, drop_duplicates
from bachd.training.corpus.read_file import MIDI, SCORES
from bachd.training.corpus.shards import readers, store
from bachd.training.corpus.shards.readers import Reader, Unread
from bachd.training.corpus.shards.store import Entry, Packed, Store
from bachd.training.progress import progress

MANIFEST: Final = "MANIFEST.csv"
MOST_FILES: Final = 1_000_000
"""Files of the largest folder that is read: some gigabytes of music."""

AT_ONCE: Final = 256
"""Works of a shard, at most."""
_SECONDS: Final = 30.0
"""After which a shard has fewer: what is lost when the machine goes down."""

_SIDES: Final = {"train": "train", "optional": "train", "valid": "valid", "test": "test"}

_Told = dict[str, dict[str, str]]
"""A manifest's rows by the names of the works."""


def load(folder: Path, reader: Reader = readers.here) -> Corpus:
    """Read a folder; the first time, parsing it takes a second for 30 .mid files, and as much for a score.

    What was read is kept, and only what is new or has changed is read again. reader: who reads. Raises CorpusError if
    it is no folder, holds no music, or too little for three sides, or if its manifest is wrong.
    """
    files = check(folder)
    told = _manifest(folder / MANIFEST)
    version = f"{store.VERSION} {_music21() if any(file.suffix.lower() in SCORES for file in files) else ''}"
    wanted = [Unread(_key(file, version), _name(folder, file), file) for file in files]
    shards = Store(cache_folder() / "corpora" / hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16])
    _read(shards, list({each.key: each for each in wanted if each.key not in shards}.values()), reader)
    shards.keep_only(each.key for each in wanted)
    rows = [(each.name, shards[each.key]) for each in wanted]
    return assemble(os.fsencode(folder.resolve().name).decode("utf-8", "backslashreplace"), rows, told)


def _read(shards: Store, files: list[Unread], reader: Reader) -> None:
    """Read files into a store."""
    keeper = _Keeper(shards, files)
    with progress(files, "reading music", total=len(files), unit="file") as bar:
        try:
            for rows in reader(files):
                keeper.add(rows)
                bar.update(len(rows))
        finally:
            keeper.close()


class _Keeper:
    """Put rows into shards, some at a time and before long."""

    def __init__(self, shards: Store, files: list[Unread]) -> None:
        self._shards = shards
        self._order = {each.key: at for at, each in enumerate(files)}
        self._rows: list[Packed] = []
        self._kept, self._last = 0, time.monotonic()

    def add(self, rows: list[Packed]) -> None:
        """Take in some rows. Raises CorpusError where they cannot be written."""
        self._rows += rows
        while len(self._rows) >= AT_ONCE:
            self._keep()
        if time.monotonic() - self._last > _SECONDS:
            self._keep()

    def close(self) -> None:
        """Keep what is left. Raises as `add` does."""
        self._keep()

    def _keep(self) -> None:
        part, self._rows = self._rows[:AT_ONCE], self._rows[AT_ONCE:]
        try:
            self._shards.add(sorted(part, key=lambda row: self._order[row["key"]]))
        except OSError as fault:
            raise CorpusError(
                f"{self._shards.folder}: cannot keep what was read ({fault.strerror}); {self._kept} of "
                f"{len(self._order)} files are kept: make room, or set XDG_CACHE_HOME, and the same command goes on"
            ) from fault
        self._kept += len(part)
        self._last = time.monotonic()


def _key(file: Path, version: str) -> str:
    """Name what is read from a file: it depends on the ending, the content, and how it is read."""
    return hashlib.sha256(f"{version} {file.suffix.lower()} {_sum(file)}".encode()).hexdigest()[:32]


def check(folder: Path) -> list[Path]:
    """List the files of music in a folder, unread. Raises CorpusError if it is no folder or holds none."""
    if not folder.is_dir():
        what = "a recipe" if folder.suffix in (".yaml", ".yml") else "not a folder"
        raise CorpusError(f"{folder} is {what}; the corpus is 'chorales' or a folder with music")
    files = _files(folder)
    if not files:
        kinds = ", ".join((*MIDI, *SCORES))
        raise CorpusError(f"no music in {folder}; files that end in {kinds} are looked for, in its sub-folders, too")
    return files


def _files(folder: Path) -> list[Path]:
    """All files of the kinds that are read, hidden ones aside, in the order of their paths; links are not followed."""
    found: list[Path] = []
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        music = [Path(place, name) for name in names if Path(name).suffix.lower() in MIDI + SCORES]
        found += [file for file in music if not file.name.startswith(".") and file.is_file()]
        if len(found) > MOST_FILES:
            raise CorpusError(f"{folder} holds more than {MOST_FILES} files of music; take a smaller folder")
    return sorted(found)


def _sum(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as fault:
        return str(fault)


def _music21() -> str:
    try:
        import music21
    except ImportError as error:
        kinds = ", ".join(SCORES)
        raise CorpusError(f"{kinds} files need music21; {pip_install('[train]')}") from error
    return str(music21.__version__)


def _name(folder: Path, file: Path) -> str:
    r"""Return a work's name: the path of its file without the suffix; bytes outside UTF-8 are written as \xe9."""
    return os.fsencode(file.relative_to(folder).with_suffix("").as_posix()).decode("utf-8", "backslashreplace")


def _manifest(file: Path) -> _Told:
    """Return the rows of a manifest, by the names of their works; none if there is no manifest."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            rows = [
                (reader.line_num, {column: row[column] or "" for column in reader.fieldnames or ()}) for row in reader
            ]
            columns = reader.fieldnames or ()
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as fault:
        raise CorpusError(f"{file} cannot be read: {fault}") from None
    if "file" not in columns:
        raise CorpusError(f"{file}:1: there is no column 'file'")
    for line, told in rows:
        if told.get("split") and told["split"] not in _SIDES:
            raise CorpusError(f"{file}:{line}: split: {told['split']!r} is none of {', '.join(_SIDES)}")
    return {Path(told["file"]).with_suffix("").as_posix(): told for _, told in rows if told["file"]}


def assemble(name: str, rows: list[tuple[str, Entry]], told: _Told) -> Corpus:
    """Build the corpus from what was read, by the names of the works, and from its manifest."""
    dropped = [(work, row.dropped) for work, row in rows if row.dropped is not None]
    dropped += [(work, f"in {MANIFEST}, but not in the folder") for work in told.keys() - {work for work, _ in rows}]
    kept: dict[str, Entry] = {}
    sides = {work: _SIDES[row["split"]] for work, row in told.items() if row.get("split")}
    for work, row in rows:
        if row.dropped is None and work in kept:
            dropped.append((work, "there is another file of this name with another ending"))
        elif row.dropped is None:
            kept[work] = row
    if not kept:
        raise CorpusError(f"no file of {name} could be read; the first, {dropped[0][0]}: {dropped[0][1]}")
    links = [*related.related_pairs({work: row.rows for work, row in kept.items()}), *_together(kept, told)]
    places, lost = split.assign(kept, links, sides)
    works = []
    for work, (group, on) in places.items():
        row, says = kept[work], told.get(work, {})
        title = ", ".join(filter(None, (says.get("title"), says.get("movement")))) or row.title
        works.append(Work(row.piece(work), group, on, _credit(row, says), title))
    licences = sorted({says["licence"] for work in places if (says := told.get(work, {})).get("licence")})
    makers = sorted({says["maintainer"] for work in places if (says := told.get(work, {})).get("maintainer")})
    credit = f"Encoded by {', '.join(makers)}" if makers else "; ".join(sorted({work.credit for work in works} - {""}))
    single, copies = drop_duplicates(works)
    gone = tuple(sorted([*dropped, *lost.items(), *copies]))
    by_bach = all(told.get(work.piece.name, {}).get("bwv") for work in single)
    return Corpus(name, single, gone, credit, tuple(licences), _remarks(list(kept.values())), by_bach=by_bach)


def _remarks(rows: list[Entry]) -> tuple[str, ...]:
    """Describe what was changed, and what was not understood."""
    sums = Counter[str]()
    for row in rows:
        sums.update(row.touched)
    says = {
        "grace": "grace notes folded away",
        "moved": "notes put on the grid",
        "closed": "notes lengthened to the next",
        "upbeat": "works given an upbeat",
        "shift": "works whose bars begin anew after a repeat",
        "damaged": "works read up to where their files are damaged",
        "unclear": "scores of which music21 did not understand all",
    }
    return tuple(f"{sums[what]} {text}" for what, text in says.items() if sums[what])


def _together(kept: dict[str, Entry], told: _Told) -> Iterator[tuple[str, str]]:
    """Yield pairs of movements of one work."""
    works = defaultdict(list)
    for name in kept:
        if told.get(name, {}).get("bwv"):
            works[told[name]["bwv"]].append(name)
    for names in works.values():
        yield from pairwise(names)


def _credit(row: Entry, says: dict[str, str]) -> str:
    """Return the origin that the file names, and that of the manifest if the file names no licence that is in it."""
    told, licence = row.credit, says.get("licence", "")
    if told and licence.lower() in told.lower():
        return told
    parts = [told, *(says.get(column, "") for column in ("maintainer", "source", "licence"))]
    return ", ".join(filter(None, parts))
