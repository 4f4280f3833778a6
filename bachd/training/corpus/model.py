"""Define a corpus: its works, and the side of the split on which each stands.

Law: the split depends on the music alone. Works that share music stand on one side of it, so that what is held out has
not been heard in another key or under another name; and everybody gets the same split every time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bachd.errors import BachdError
from bachd.music.piece import Piece

SPLITS: Final = ("train", "valid", "test")
MOST_MEASURED: Final = 50_000
"""Events by which a bundle's figures are measured, about; more would change their third digit."""


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
    """Its encoder, source and licence, in one line; '' where `Corpus.credit` covers all."""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Works to learn from, and those left out with the reasons."""

    name: str
    works: tuple[Work, ...]
    dropped: tuple[tuple[str, str], ...]
    """Names and reasons."""
    credit: str
    licences: tuple[str, ...]
    """All that occur, in the order of the alphabet."""
    remarks: tuple[str, ...] = ()
    """What was done to the music when it was read, in figures."""
    free: bool = False
    """Whether all of it is known to be free to learn from, as `credit` says, so that a work needs no credit."""
    by_bach: bool = False
    """Whether all of it is known to be Bach's: music21's chorales, or works to which a manifest gives BWV numbers."""

    @property
    def label(self) -> str:
        """The name of this music in reports: not that of the folder, which could be a bundle's, or markup."""
        return "Bach" if self.by_bach else "the corpus"

    def pieces(self, split: str) -> list[Piece]:
        """Return the pieces on one side of the split."""
        return [work.piece for work in self.works if work.split == split]

    def has_folder(self, folder: str) -> bool:
        """Return whether a work lies below `folder`, such as 'cello'."""
        return any(work.piece.name.startswith(f"{folder.rstrip('/')}/") for work in self.works)

    def within(self, folders: Sequence[str]) -> Corpus:
        """Return the corpus with only the works in `folders`, such as 'cello/'; all works if there is no folder.

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


def drop_duplicates(works: Iterable[Work]) -> tuple[tuple[Work, ...], tuple[tuple[str, str], ...]]:
    """Drop works that have the notes or the name of an earlier one; return the others, and the dropped with reasons.

    They are in one group, so no side of the split loses anything but a second hearing.
    """
    kept: dict[str, Work] = {}
    music: dict[Hashable, str] = {}
    dropped = []
    for work in works:
        name = work.piece.name
        first = music.setdefault(_notes(work.piece), name)
        if name in kept:
            dropped.append((name, "is there twice"))
        elif first != name:
            dropped.append((name, f"has the notes of {first}"))
        else:
            kept[name] = work
    return tuple(kept.values()), tuple(dropped)


def digest(piece: Piece, ends: Sequence[int] = ()) -> str:
    """Return a digest of what is learned from a piece. ends: the ticks at which its phrases end, if known."""
    music = getattr(piece, "music", None) or repr((piece.events, piece.grid.changes, piece.grid.upbeat))
    return hashlib.sha256(repr((music, tuple(ends))).encode()).hexdigest()[:32]


def _notes(piece: Piece) -> Hashable:
    """Return what two pieces have in common if they have the same events."""
    music = getattr(piece, "music", None)  # as a `store.StoredPiece` has it, which is not decoded for this
    return piece.events if music is None else music.partition(" ")[0]


def drawn(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """Return pieces of about so many events at most, in their order: all of them, or some that their names decide."""
    order = sorted(range(len(pieces)), key=lambda at: hashlib.sha256(pieces[at].name.encode()).digest())
    found, events = [], 0
    for at in order:
        if events >= most:
            break
        found.append(at)
        events += len(pieces[at].events)
    return [pieces[at] for at in sorted(found)]


def pitch_range(pieces: Iterable[Piece]) -> tuple[int, int]:
    """Return the lowest and highest MIDI number in some pieces."""
    pitches = [pitch for piece in pieces for event in piece.events for pitch in event.sounding]
    return min(pitches), max(pitches)
