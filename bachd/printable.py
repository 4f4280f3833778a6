"""Show text from elsewhere, such as the name of a file or of a piece, where people read it.

Law: nothing that is shown can move the cursor, change a colour, hide or reorder what stands beside it. A terminal
obeys control characters (ECMA-48), and Unicode has invisible ones that turn the direction of a line.
"""

from __future__ import annotations

import logging
import re
from typing import Final

_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""C0 and C1 but for tab and newline, DEL, what turns lines or ends them, and surrogates, which no UTF-8 holds."""


def printable(text: str) -> str:
    """The text with every such character written as Python writes it, a backslash and a code."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def one_line(text: str) -> str:
    """The same on a single line: newlines and tabs are written so, too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


class PrintableFormatter(logging.Formatter):
    """Writes the lines of a log with no character that a terminal obeys."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, and its traceback if it has one."""
        return printable(super().format(record))
