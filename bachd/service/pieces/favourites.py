"""Keep favourites from one run to the next, in a file of their own, a line each.

Law: a loss of power leaves the lines as they were before or are after a change. A line that cannot be read is passed
over, and stays; the music does not depend on it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

from bachd import atomic_file
from bachd.errors import StatusError, UsageError
from bachd.service import state_dir
from bachd.service.pieces.favourite import LONGEST, Favourite, parse

_FILE: Final = "favourites"
MOST: Final = 1000
"""Favourites that are kept."""


class Kept(TypedDict):
    """A favourite in the list."""

    number: int
    """Counted from 1."""
    piece: str
    kept: str
    """When, in ISO 8601."""
    favourite: str


def path() -> Path:
    """The file."""
    return state_dir.folder() / _FILE


def add(favourite: Favourite) -> Kept:
    """Keep one; the same one is kept once. May wait for the disk. Raises StatusError."""
    text = _text(favourite)
    with _changed() as lines:
        before = _listed(lines)
        if (known := _find(before, text)) is not None:
            return known
        if len(before) >= MOST:
            raise StatusError(f"{path()} holds {MOST} favourites; remove some in the page's History")
        lines.append(_line(favourite.title, datetime.now().astimezone().isoformat(timespec="seconds"), text))
        return _listed(lines)[-1]


def complete(part: str, favourite: Favourite) -> Kept | None:
    """Put a favourite into the place of one that was a part of it; None if that is not kept any more.

    part: its text. May wait for the disk. Raises StatusError.
    """
    text = _text(favourite)
    with _changed() as lines:
        before = _listed(lines)
        found, same = _find(before, part), _find(before, text)
        if found is None or found == same:
            return found
        place = _place(lines, part)
        if same is None:
            lines[place] = _line(favourite.title, found["kept"], text)
        else:
            del lines[place]
        return _find(_listed(lines), text)


def remove(text: str) -> Kept:
    """Take a favourite out of the list by its text, and return it. May wait for the disk.

    Raises UsageError if it is not there, and StatusError.
    """
    with _changed() as lines:
        found = _find(_listed(lines), text)
        if found is None:
            raise UsageError("this favourite is not in the list any more")
        del lines[_place(lines, text)]
        return found


def kept() -> list[Kept]:
    """All that are kept, the oldest first. May wait for the disk."""
    try:
        return _listed(_lines())
    except OSError:
        return []


def _lines() -> list[str]:
    """The lines of the file. Raises OSError."""
    return path().read_text(encoding="utf-8", errors="replace").splitlines() if path().exists() else []


@contextmanager
def _changed() -> Iterator[list[str]]:
    """Yield the lines of the file, and write them if they are others in the end. Raises StatusError.

    Other processes that change them wait.
    """
    try:
        path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            lines = _lines()
            before = list(lines)
            yield lines
            if lines != before:
                atomic_file.replace(path(), "".join(f"{line}\n" for line in lines).encode())
        finally:
            os.close(folder)
    except OSError as fault:
        raise StatusError(f"{path()}: cannot be written: {fault.strerror}") from None


def _text(favourite: Favourite) -> str:
    """Raises StatusError for one that is too long to be read again."""
    text = str(favourite)
    if len(text) > LONGEST:
        raise StatusError(f"a favourite has at most {LONGEST} characters, and this piece needs {len(text)}")
    return text


def _line(piece: str, when: str, text: str) -> str:
    return json.dumps({"piece": piece, "kept": when, "favourite": text})


def _listed(lines: Sequence[str]) -> list[Kept]:
    """The favourites that are in the lines of the file, the first MOST of them."""
    found: list[Kept] = []
    for line in lines:
        if (data := _read(line)) is not None and len(found) < MOST:
            found.append({"number": len(found) + 1, "piece": data[0], "kept": data[1], "favourite": data[2]})
    return found


def _read(line: str) -> tuple[str, str, str] | None:
    """Piece, time and text of a line; None if it cannot be read."""
    try:
        data = json.loads(line)
        piece, when, text = (str(data[name]) for name in ("piece", "kept", "favourite"))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return (piece, when, text) if len(text) <= LONGEST else None


def _find(found: Sequence[Kept], text: str) -> Kept | None:
    return next((each for each in found if each["favourite"] == text), None)


def _place(lines: Sequence[str], text: str) -> int:
    """The index of the line of a favourite that is listed."""
    return next(index for index, line in enumerate(lines) if (data := _read(line)) is not None and data[2] == text)


def find(text: str) -> Favourite:
    """Return the favourite of a number in the list, or of its own text or link. Raises UsageError."""
    if not (text.isdecimal() and len(text) <= 9):
        return parse(text)
    known = kept()
    if not 1 <= int(text) <= len(known):
        raise UsageError(f"no favourite in {path()} has the number {text}; 'bachd favourites' lists them")
    return parse(known[int(text) - 1]["favourite"])
