"""Fit text into the rows of a terminal: break it at spaces, or cut it.

Law: no row is wider than asked for, in cells, of which a Chinese character takes two; what is left out shows as '…'.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text


def cut(text: str, width: int) -> str:
    """Return one row with as much of a text as fits."""
    row = Text(text.expandtabs())
    row.truncate(max(0, width), overflow="ellipsis")
    return row.plain if width > 0 else ""


def wrap(console: Console, text: str, width: int, rows: int) -> list[str]:
    """Break a text into rows, at most so many; words that are wider than a row are broken, too."""
    found = [row.plain.rstrip() for row in Text(text).wrap(console, max(1, width), overflow="fold")]
    if len(found) > rows > 0:
        found[rows - 1] = cut(f"{found[rows - 1]} {found[rows]}", width)
    return found[:rows]


def newest(console: Console, texts: Iterable[str], width: int, rows: int) -> list[str]:
    """Return rows of the last texts: the last one in any case, and as many before it as fit whole."""
    shown: list[str] = []
    for text in reversed(list(texts)):
        each = wrap(console, text, width, rows)
        if shown and len(shown) + len(each) > rows:
            break
        shown = each + shown
    return shown
