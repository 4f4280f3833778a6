"""Replace a file in one step.

Law: a loss of power at any moment leaves the old content or the new one, whole, and at most one file beside it, which
the next call removes.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file. May wait for the disk. Raises OSError, and leaves the old file, if that cannot be.

    A file that is there keeps its permissions and, where the system allows it, its owner; a link leads to the file that
    is written. mode: the permissions of a new file.
    """
    target = path.resolve()
    new = target.with_name(f".{target.name}.new")
    new.unlink(missing_ok=True)
    # O_EXCL: what somebody else has put there meanwhile is not written through.
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            found = target.stat() if target.exists() else None
            if found is not None:
                with suppress(PermissionError):
                    os.fchown(file.fileno(), found.st_uid, found.st_gid)
            os.fchmod(file.fileno(), found.st_mode & 0o7777 if found else mode)
            new.replace(target)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
