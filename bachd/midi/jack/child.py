"""What the child processes that call JACK's library, and their parents, have in common beside child_process.py.

Law: nothing here waits without a limit.
"""

from __future__ import annotations

import signal
import subprocess
from contextlib import suppress
from typing import Any, Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT)
"""What systemd and terminals send to all processes of a service: SIGABRT is its watchdog's."""


def ignore_signals() -> None:
    """In a child: outlive the signals that end the parent, so that stdin is read to its end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def wait(process: subprocess.Popen[Any], seconds: float) -> None:
    """Give a child so many seconds to end by itself; then kill it."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    if process.poll() is None:
        process.kill()
        process.wait()


def close(pipe: Any) -> None:
    """Close one end of a pipe."""
    with suppress(OSError):  # what was buffered for a child that is gone
        pipe.close()
