"""Read the log of another process up to a line, whatever other lines its threads and children put between."""

from __future__ import annotations

from typing import IO


def until(stream: IO[str] | None, beginning: str) -> list[str]:
    """Read up to a line that begins so; returns all that was read. Raises AssertionError if the stream ends before."""
    assert stream is not None
    found: list[str] = []
    for line in stream:
        found.append(line.rstrip("\n"))
        if line.startswith(beginning):
            return found
    raise AssertionError("\n".join([f"no line begins with {beginning!r}:", *found]))
