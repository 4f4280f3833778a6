"""Log what goes wrong with the page, and not too much of it.

Law: however many requests make a line, the ten faults that `bachd status` shows are not all the page's for long.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import Final

from bachd.service import resource_exhaustion

log = logging.getLogger("bachd")

MOST: Final = 6
"""Lines in a minute."""


class PageLog:
    """Logs lines of the process that serves the page."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=MOST)

    def add(self, line: str) -> None:
        """Log a line, unless there have been too many in the last minute."""
        now = monotonic()
        if len(self._moments) < MOST or now - self._moments[0] > 60.0:
            self._moments.append(now)
            log.warning("the page: %s", line)


def log_bug(task: asyncio.Task[None]) -> None:
    """Log what ended a task; it must not end the music."""
    if not task.cancelled() and (bug := task.exception()) is not None and not resource_exhaustion.report(bug):
        log.error("something of the page has failed: %s", bug, exc_info=bug)
