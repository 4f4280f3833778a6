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
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from bachd.music.event import Event
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece
from bachd.training.corpus import related, split
from bachd.training.corpus.cache import cached
from bachd.training.corpus.model import Corpus, CorpusError, Work, drop_duplicates
from bachd.training.corpus.read_file import MIDI, SCORES, Row, read
from bachd.training.progress import progress

MANIFEST: Final = "MANIFEST.csv"
MOST_FILES: Final = 20_000
"""Files of the largest folder that is read; all of Bach is a tenth of it."""

_VERSION: Final = 6
"""Of the cache; raised when the reading changes."""
_SIDES: Final = {"train": "train", "optional": "train", "valid": "valid", "test": "test"}

_Told = dict[str, dict[str, str]]
"""A manifest's rows by the names of the works."""


def load(folder: Path) -> Corpus:
    """Read a folder; the first time, parsing it takes a second for 30 .mid files, and as much for a score.

    Raises CorpusError if it is no folder, holds no music, or too little for three sides, or if its manifest is wrong.
    """
    files = check(folder)
    told = _manifest(folder / MANIFEST)
    needs_music21 = any(file.suffix.lower() in SCORES for file in files)
    key = hashlib.sha256(f"{_VERSION} {_music21() if needs_music21 else ''}".encode())
    for file in files:
        key.update(f"{_name(folder, file)}{file.suffix} {_sum(file)}\n".encode("utf-8", "surrogateescape"))
    rows = cached(f"folder-{key.hexdigest()[:32]}", lambda: list(_read_all(folder, files)))
    return assemble(os.fsencode(folder.resolve().name).decode("utf-8", "backslashreplace"), rows, told)


def check(folder: Path) -> list[Path]:
    """List the files of music in a folder, unread. Raises CorpusError if it is no folder or holds none."""
    if not folder.is_dir():
        raise CorpusError(f"{folder} is not a folder; the corpus is 'chorales' or a folder with music")
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
        raise CorpusError(f"{kinds} files need music21; in bachd's checkout, pip install '.[train]'") from error
    return str(music21.__version__)


def _name(folder: Path, file: Path) -> str:
    r"""Return a work's name: the path of its file without the suffix; bytes outside UTF-8 are written as \xe9."""
    return os.fsencode(file.relative_to(folder).with_suffix("").as_posix()).decode("utf-8", "backslashreplace")


def _read_all(folder: Path, files: list[Path]) -> Iterator[Row]:
    """Yield the rows of all files, in their order, each read by a process that may die of it."""
    names = {file: _name(folder, file) for file in files}
    rows: dict[Path, Row] = {}
    bar = progress(files, "reading music", total=len(files), unit="file")
    with bar, ProcessPoolExecutor() as pool:
        tasks: dict[Future[Row], Path] = {}
        with suppress(BrokenProcessPool):  # the first may be dead before the last is handed over
            for file in files:
                tasks[pool.submit(read, file, names[file])] = file
        for done in as_completed(tasks):
            if not isinstance(done.exception(), BrokenProcessPool):
                rows[tasks[done]] = done.result()
                bar.update()
    for file in files:  # a process died, and took along what the others had not finished
        if file not in rows:
            with ProcessPoolExecutor(1) as alone:
                try:
                    rows[file] = alone.submit(read, file, names[file]).result()
                except BrokenProcessPool:
                    rows[file] = {"name": names[file], "dropped": "the process that read it died"}
    yield from (rows[file] for file in files)


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


def assemble(name: str, rows: list[Row], told: _Told) -> Corpus:
    """Build the corpus from what was read and from its manifest."""
    dropped = [(row["name"], row["dropped"]) for row in rows if "dropped" in row]
    dropped += [(name, f"in {MANIFEST}, but not in the folder") for name in told.keys() - {row["name"] for row in rows}]
    kept: dict[str, Row] = {}
    sides = {name: _SIDES[row["split"]] for name, row in told.items() if row.get("split")}
    for row in rows:
        if "dropped" not in row and row["name"] in kept:
            dropped.append((row["name"], "there is another file of this name with another ending"))
        elif "dropped" not in row:
            kept[row["name"]] = row
    if not kept:
        raise CorpusError(f"no file of {name} could be read; the first, {dropped[0][0]}: {dropped[0][1]}")
    links = [*related.related_pairs({name: row["melodies"] for name, row in kept.items()}), *_together(kept, told)]
    places, lost = split.assign(kept, links, sides)
    works = []
    for work, (group, on) in places.items():
        row, says = kept[work], told.get(work, {})
        title = ", ".join(filter(None, (says.get("title"), says.get("movement")))) or row["title"]
        works.append(Work(_piece(row), group, on, _credit(row, says), title))
    licences = sorted({says["licence"] for work in places if (says := told.get(work, {})).get("licence")})
    makers = sorted({says["maintainer"] for work in places if (says := told.get(work, {})).get("maintainer")})
    credit = f"Encoded by {', '.join(makers)}" if makers else "; ".join(sorted({work.credit for work in works} - {""}))
    single, copies = drop_duplicates(works)
    gone = tuple(sorted([*dropped, *lost.items(), *copies]))
    by_bach = all(told.get(work.piece.name, {}).get("bwv") for work in single)
    return Corpus(name, single, gone, credit, tuple(licences), _remarks(list(kept.values())), by_bach=by_bach)


def _remarks(rows: list[Row]) -> tuple[str, ...]:
    """Describe what was changed in .mid files."""
    sums = Counter[str]()
    for row in rows:
        sums.update(row.get("touched", {}))
    says = {
        "grace": "grace notes folded away",
        "moved": "notes put on the grid",
        "closed": "notes lengthened to the next",
        "upbeat": "works given an upbeat",
        "shift": "works whose bars begin anew after a repeat",
        "damaged": "works read up to where their files are damaged",
    }
    return tuple(f"{sums[what]} {text}" for what, text in says.items() if sums[what])


def _together(kept: dict[str, Row], told: _Told) -> Iterator[tuple[str, str]]:
    """Yield pairs of movements of one work."""
    works = defaultdict(list)
    for name in kept:
        if told.get(name, {}).get("bwv"):
            works[told[name]["bwv"]].append(name)
    for names in works.values():
        yield from pairwise(names)


def _credit(row: Row, says: dict[str, str]) -> str:
    """Return the origin that the file names, and that of the manifest if the file names no licence that is in it."""
    told, licence = str(row["credit"]), says.get("licence", "")
    if told and licence.lower() in told.lower():
        return told
    parts = [told, *(says.get(column, "") for column in ("maintainer", "source", "licence"))]
    return ", ".join(filter(None, parts))


def _piece(row: dict[str, Any]) -> Piece:
    events = tuple(Event(tuple(starts), tuple(held), ticks) for starts, held, ticks in row["events"])
    grid = Grid(tuple((tick, Metre(beats, unit)) for tick, beats, unit in row["changes"]), row["upbeat"])
    return Piece(row["name"], events, grid)
