"""Bound the work that a file from anywhere may cause.

Law: work that takes too long or too much memory is ended, and the caller goes on.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SECONDS: Final = 300.0
"""Of processor time, which is no shorter on a busy machine: an opera takes a third of it."""
MEMORY: Final = 4 << 30
"""Bytes that the process may have in all."""

_AGAIN: Final = 1.0
"""Seconds until the end is tried again, if it was taken for a fault like others and passed over."""


class TooLongError(BaseException):
    """The time is up. Not an Exception, so that no handler on the way takes it for a fault of the file."""


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Work in these bounds, in the main thread only. Raises TooLongError or MemoryError within the work."""

    def end(*_: object) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGPROF, end)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (memory if hard < 0 else min(memory, hard), hard))
    signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        signal.signal(signal.SIGPROF, before)
