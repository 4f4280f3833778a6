"""Keep favourites from one run to the next, in a file of their own, a line each.

Law: the file only grows, and a line that cannot be read is passed over; the music does not depend on it.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

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
    before, text = kept(), str(favourite)
    if (known := next((each for each in before if each["favourite"] == text), None)) is not None:
        return known
    if len(before) >= MOST:
        raise StatusError(f"{path()} holds {MOST} favourites; take some lines out")
    entry: Kept = {
        "number": len(before) + 1,
        "piece": favourite.title,
        "kept": datetime.now().astimezone().isoformat(timespec="seconds"),
        "favourite": text,
    }
    try:
        path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path().open("a", encoding="utf-8") as file:
            file.write(json.dumps({"piece": entry["piece"], "kept": entry["kept"], "favourite": text}) + "\n")
    except OSError as fault:
        raise StatusError(f"{path()}: cannot be written: {fault.strerror}") from None
    return entry


def kept() -> list[Kept]:
    """All that are kept, the oldest first. May wait for the disk."""
    found: list[Kept] = []
    try:
        lines = path().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    for line in lines[:MOST]:
        try:
            data = json.loads(line)
            piece, when, text = (str(data[name]) for name in ("piece", "kept", "favourite"))
        except (ValueError, TypeError, LookupError):
            continue
        if len(text) <= LONGEST:
            found.append({"number": len(found) + 1, "piece": piece, "kept": when, "favourite": text})
    return found


def find(text: str) -> Favourite:
    """Return the favourite of a number in the list, or of its own text or link. Raises UsageError."""
    if not (text.isdecimal() and len(text) <= 9):
        return parse(text)
    known = kept()
    if not 1 <= int(text) <= len(known):
        raise UsageError(f"no favourite has the number {text}; {len(known)} are kept in {path()}")
    return parse(known[int(text) - 1]["favourite"])
