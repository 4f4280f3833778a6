"""Notice when a settings file has been saved.

Law: a file that is empty, missing or half written is ignored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

log = logging.getLogger("bachd")

INTERVAL: Final = 0.25
"""Seconds between two looks at a file."""
STABLE: Final = 0.3
"""Seconds that a file must not have changed for, so that a program that is still writing it can finish."""
DOUBTFUL: Final = 2.0
"""The same for a file that was empty or gone in between, as when a computer loses its power while saving."""

_Stamp: TypeAlias = tuple[int, int, int] | None
"""Time of change, size and inode; None for a file that is empty or not there."""


class SavedFile:
    """Notices that a file has been saved, from its time and size; it may be replaced by another one."""

    def __init__(self, path: Path, *, may_be_empty: bool = False) -> None:
        """Take the file as it is for known. may_be_empty: that it is empty now need not be logged."""
        self._path = path
        self._known = self._seen = self._stamp()
        self._since, self._doubtful, self._logged = 0.0, False, may_be_empty

    def saved(self, now: float) -> bool:
        """Whether it holds something new that is complete. Ask some times a second; `now` is in monotonic seconds."""
        seen = self._stamp()
        if seen != self._seen:
            self._seen, self._since, self._logged = seen, now, False
        if seen is None:
            self._doubtful = True
            if now - self._since >= DOUBTFUL and not self._logged:
                self._logged = True
                log.warning("%s is empty or gone: the settings stay as they are, until it holds some again", self._path)
            return False
        if seen == self._known or now - self._since < (DOUBTFUL if self._doubtful else STABLE):
            return False
        self._known, self._doubtful = seen, False
        return True

    def _stamp(self) -> _Stamp:
        with suppress(OSError):
            found = self._path.stat()
            return (found.st_mtime_ns, found.st_size, found.st_ino) if found.st_size else None
        return None


async def saves(file: SavedFile | None, asked: asyncio.Event, thread: Executor) -> AsyncIterator[None]:
    """Yield whenever the file has been saved, or `asked` was set. Looks at the file in `thread`."""
    loop = asyncio.get_running_loop()
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL):
                await asked.wait()
        saved = file is not None and await loop.run_in_executor(thread, file.saved, loop.time())
        if saved or asked.is_set():
            asked.clear()
            yield
