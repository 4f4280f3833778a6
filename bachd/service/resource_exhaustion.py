"""Report that the system has run out of files or memory in one line, where asyncio would print a traceback each time.

Law: what is lacking for a connection, a file or the page never ends the music, and does not fill the log.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from time import monotonic
from typing import Any, Final

log = logging.getLogger("bachd")

QUIET: Final = 60.0
"""Seconds for which nothing more is reported."""
_ERRORS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN)

_reported = -QUIET


def report(fault: BaseException | None) -> bool:
    """Log one line, and no more for a minute, if `fault` is a lack of the system's; whether it is one."""
    global _reported
    if not isinstance(fault, OSError) or fault.errno not in _ERRORS:
        return False
    if monotonic() - _reported >= QUIET:
        _reported = monotonic()
        log.warning("%s: the music goes on; something beside it does not work meanwhile", fault.strerror)
    return True


def on_loop_fault(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle an exception that no task waits for; see `loop.set_exception_handler`."""
    fault = context.get("exception")
    if not report(fault):
        log.error("%s", context["message"], exc_info=fault)
