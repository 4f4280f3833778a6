"""Show on a terminal, in one line, how far something has come.

Law: it is written to stderr, only if that is a terminal, and removed when the work is done.
"""

from __future__ import annotations

import sys
from contextlib import suppress


def tell(what: str) -> None:
    """Replace the progress line; with an empty text, remove it."""
    if sys.stderr.isatty():
        with suppress(OSError):  # a terminal that has been closed
            sys.stderr.write(f"\r\x1b[K{what}")
            sys.stderr.flush()
