"""Read the text of a settings file.

Law: reading ends at once, whatever the path leads to: a pipe, a device and a file of gigabytes are refused unread.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from bachd.errors import ConfigError, Fault

LARGEST: Final = 256 * 1024
"""Bytes; a config.yaml with all its comments has five thousand."""


def read(path: Path) -> str:
    """Return the text of a file, without a byte order mark.

    Raises ConfigError if it cannot be read, is not a regular file, too large or not UTF-8.
    """
    try:
        data = _read(path)
    except OSError as error:
        raise _error(path, f"cannot be read: {reason(error)}") from None
    if len(data) > LARGEST:
        raise _error(path, f"larger than {LARGEST // 1024} KiB; a settings file has a few lines")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error(path, "not UTF-8 text; save the file as UTF-8", line) from None


def reason(error: OSError) -> str:
    """Return why the system refuses something, to go on a sentence with."""
    return (error.strerror or str(error)).lower()


def _read(path: Path) -> bytes:
    _require_file(path, path.stat())  # even to open a device can have effects
    # A pipe that has come into its place since would be waited for without O_NONBLOCK.
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY)) as file:
        _require_file(path, os.fstat(file.fileno()))
        return file.read(LARGEST + 1)


def _require_file(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise _error(path, "cannot be read: is a directory")
    if not stat.S_ISREG(found.st_mode) and not _is_null_device(found):
        raise _error(path, "cannot be read: is a pipe, socket or device, not a file")


def _is_null_device(found: os.stat_result) -> bool:
    """Whether it is /dev/null, which people give for an empty file."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116


def _error(path: Path, what: str, line: int | None = None) -> ConfigError:
    return ConfigError([Fault(line, "", what)], path)
