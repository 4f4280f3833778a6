"""The faults bachd knows, each with the exit code that tells a service manager what to do.

Law: an expected fault is one line that says what, where and how to mend it; only a bug has a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable

EXIT_OK = 0
EXIT_USAGE = 64
EXIT_UNAVAILABLE = 69
EXIT_BUG = 70
EXIT_CONFIG = 78


class BachdError(Exception):
    """Root of all expected faults. `exit_code` is what the process ends with."""

    exit_code = EXIT_BUG


class UsageError(BachdError):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class ConfigError(BachdError):
    """config.yaml is wrong; the message holds every fault, one a line."""

    exit_code = EXIT_CONFIG


class SeedError(BachdError):
    """A seed piece cannot be read or holds no music."""

    exit_code = EXIT_CONFIG


class ModelError(BachdError):
    """A bundle is incomplete, damaged or made for another version, or no runtime can run it."""

    exit_code = EXIT_UNAVAILABLE


class OutputError(BachdError):
    """A MIDI output cannot be found or opened."""

    exit_code = EXIT_UNAVAILABLE


class StatusError(BachdError):
    """No running bachd can be asked, or this one cannot be."""

    exit_code = EXIT_UNAVAILABLE


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of an error text that offers the likeliest of the known names, or nothing if none is like it."""
    import difflib  # 10 ms that only a mistake has to pay

    found = difflib.get_close_matches(name[:100], list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""
