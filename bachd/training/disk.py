"""Name what could not be written, and what is kept.

Law: a disk that fills, or a folder that may not be written, is one line; nothing that was finished before is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bachd.errors import EXIT_UNAVAILABLE, BachdError


class DiskError(BachdError):
    """Something cannot be written down."""

    exit_code = EXIT_UNAVAILABLE


@contextmanager
def writing(place: Path, kept: str) -> Iterator[None]:
    """Run a block that writes to a file or folder. Raises DiskError where it raises OSError.

    kept: what is not lost by it, and how to go on.
    """
    try:
        yield
    except OSError as fault:
        raise DiskError(f"{fault.filename or place}: cannot be written ({fault.strerror or fault}); {kept}") from fault
