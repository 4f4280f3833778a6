"""Show text from elsewhere, such as the name of a file or of a piece, where people read it.

Law: nothing that is shown can move the cursor, change a colour, hide or reorder what stands beside it. A terminal
obeys control characters (ECMA-48), and Unicode has invisible ones, some of which turn the direction of a line. Code
points that Unicode has not assigned yet are escaped, too: terminals differ in what they make of them.
"""

from __future__ import annotations

from typing import Final

_SHOWN: Final = frozenset("\n\t")
"""Control characters that are left as they are."""


def printable(text: str) -> str:
    """Escape every character that `str.isprintable` refuses, newlines and tabs aside, as Python does."""
    return "".join(letter if letter.isprintable() or letter in _SHOWN else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """Escape newlines and tabs, too, so that the text stays on one line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")
