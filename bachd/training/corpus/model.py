"""Works to learn from, and the side of the split on which each stands.

Law: the split depends on the music alone. Works that share music stand on one side of it, so that what is held out has
not been heard in another key or under another name; and everybody gets the same split every time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bachd.errors import BachdError
from bachd.music.event import Event
from bachd.music.piece import Piece

SPLITS: Final = ("train", "valid", "test")
CHORALES: Final = "chorales"
"""The source that needs no folder: the chorales that music21 brings."""


class CorpusError(BachdError):
    """The corpus is not there or holds nothing that can be used."""

    exit_code = 69


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of a corpus."""

    piece: Piece
    """Its name is unique in the corpus; in a folder it is the path below it without the ending."""
    group: str
    """Name of the first work that it shares music with or belongs with."""
    split: str
    """'train', 'valid' or 'test'."""
    credit: str = ""
    """Who encoded it, its source and licence, in one line; '' where `Corpus.credit` says it for all."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What was kept and what was not."""

    name: str
    works: tuple[Work, ...]
    dropped: tuple[tuple[str, str], ...]
    """Names and reasons."""
    credit: str
    licences: tuple[str, ...]
    """All that occur, in the order of the alphabet."""
    remarks: tuple[str, ...] = ()
    """What was done to the music when it was read, in figures."""

    def pieces(self, split: str) -> list[Piece]:
        """The pieces on one side of the split."""
        return [work.piece for work in self.works if work.split == split]

    def within(self, folders: Sequence[str]) -> Corpus:
        """Only the works whose names begin with one of `folders`, such as 'cello/'; all of them if there is none.

        Raises CorpusError for a folder that holds no work.
        """
        if not folders:
            return self
        begins = tuple(f"{folder.rstrip('/')}/" for folder in folders)
        empty = [begin for begin in begins if not any(work.piece.name.startswith(begin) for work in self.works)]
        if empty:
            known = sorted({f"{work.piece.name.rpartition('/')[0]}/" for work in self.works} - {"/"})
            raise CorpusError(f"corpus {self.name} has no folder {empty[0]}; it has {', '.join(known) or 'none'}")
        return replace(self, works=tuple(work for work in self.works if work.piece.name.startswith(begins)))


def load(source: str | Path) -> Corpus:
    """Read 'chorales', those of music21, or a folder of music; the first time, parsing takes some minutes.

    Raises CorpusError, with what to do, if there is nothing to learn from.
    """
    # Both build on this module, and each is wanted only for its own source.
    if source == CHORALES:
        from bachd.training.corpus import chorales

        return chorales.load()
    from bachd.training.corpus import folder

    return folder.load(Path(source))


def side(group: str) -> str:
    """Eight tenths of the groups train, one tenth chooses among models, one tenth tests; a hash decides which."""
    draw = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") % 10
    return {0: "test", 1: "valid"}.get(draw, "train")


def without_copies(works: Iterable[Work]) -> tuple[tuple[Work, ...], tuple[tuple[str, str], ...]]:
    """The works without those that have the notes or the name of an earlier one; and these, with the reason.

    They are in one group, so no side of the split loses anything but a second hearing.
    """
    kept: dict[str, Work] = {}
    music: dict[tuple[Event, ...], str] = {}
    dropped = []
    for work in works:
        name = work.piece.name
        first = music.setdefault(work.piece.events, name)
        if name in kept:
            dropped.append((name, "is there twice"))
        elif first != name:
            dropped.append((name, f"has the notes of {first}"))
        else:
            kept[name] = work
    return tuple(kept.values()), tuple(dropped)


def cache_folder() -> Path:
    """Where parsed scores are kept between runs: $XDG_CACHE_HOME/bachd or ~/.cache/bachd."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bachd"


def cached(name: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The rows in the cache under `name`; if they are not there, or damaged, what `make` returns, kept for later."""
    file = cache_folder() / f"{name}.json"
    try:
        rows = json.loads(file.read_text())
        if isinstance(rows, list) and all(isinstance(row, dict) and "name" in row for row in rows):
            return rows
    except (OSError, ValueError):
        pass
    rows = make()
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps(rows))
    aside.replace(file)
    return rows


def pitch_range(pieces: Iterable[Piece]) -> tuple[int, int]:
    """Lowest and highest MIDI number in some pieces."""
    pitches = [pitch for piece in pieces for event in piece.events for pitch in event.sounding]
    return min(pitches), max(pitches)
