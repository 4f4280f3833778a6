"""Replace a file in one step.

Law: a loss of power at any moment leaves the old content or the new one, whole, and at most one file beside it, which
the next call removes. Several processes that replace one file at a time wait for one another.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file. May wait for the disk. Raises OSError, and leaves the old file, if that cannot be.

    A file that is there keeps its permissions and, where the system allows it, its owner; a link leads to the file that
    is written. mode: the permissions of a new file.
    """
    target = path.resolve()
    new = target.with_name(f".{target.name}.new")
    with os.fdopen(_open_alone(new), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            found = target.stat() if target.exists() else None
            if found is not None and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):
                    os.fchown(file.fileno(), found.st_uid, found.st_gid)
            os.fchmod(file.fileno(), found.st_mode & 0o7777 if found else mode)
            new.replace(target)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    _sync_folder(target.parent)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside this one, of the same name and with nothing there yet, for another program to write to.

    The file takes its place when it is whole, and goes if that fails. Raises OSError if that cannot be.
    """
    target = path.resolve()
    from tempfile import TemporaryDirectory  # slow, and a run may begin without

    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
        new = Path(folder, path.name)
        yield new
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(target)
    _sync_folder(target.parent)


def _open_alone(new: Path) -> int:
    """Open an empty file that no other user has opened, and no other process will write before it is closed."""
    while True:
        with suppress(FileNotFoundError):
            if new.is_symlink() or new.stat().st_uid != os.geteuid():  # made by an attacker, to read or misdirect
                new.unlink()
        number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):  # another process has just put it into its place
                if os.path.samestat(opened := os.fstat(number), new.lstat()) and opened.st_uid == os.geteuid():
                    os.ftruncate(number, 0)
                    return number
        except BaseException:
            os.close(number)
            raise
        os.close(number)


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a loss of power, too; where a file system cannot do that, it is not needed."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(number)
        finally:
            os.close(number)
