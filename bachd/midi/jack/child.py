"""Start a module that talks to JACK as a child process, read the line in which it says that it is ready, and end it.

Law: nothing here waits without a limit, whatever the server does. A child has a session of its own, and ignores the
signals that end its parent; it ends when its stdin is closed, so it outlives no parent, however that died.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT)
"""What systemd and terminals send to all processes of a service: SIGABRT is its watchdog's."""


def start(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Run a module of bachd, with unbuffered pipes. `environment`: variables to set beside those of this process."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **(environment or {})},
    )


def ignore_signals() -> None:
    """In a child: outlive the signals that end the parent, so that stdin is read to its end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def read_line(process: subprocess.Popen[bytes], seconds: float) -> str:
    """The next line of a child's stdout; nothing if it ends, or takes longer than so many seconds."""
    assert process.stdout is not None
    number, deadline = process.stdout.fileno(), monotonic() + seconds
    poll = select.poll()
    poll.register(number, select.POLLIN)
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - monotonic()
        if left <= 0 or not poll.poll(1e3 * left) or not (byte := os.read(number, 1)):
            return ""
        line += byte
    return line.decode(errors="replace").strip()


def end(process: subprocess.Popen[Any], seconds: float = 0.0) -> int:
    """Close a child's stdin and give it so many seconds to end by itself; then kill it. Returns its exit code."""
    close(process.stdin)
    code = wait(process, seconds)
    close(process.stdout)
    return code


def wait(process: subprocess.Popen[Any], seconds: float) -> int:
    """Give a child so many seconds to end by itself; then kill it. Returns its exit code."""
    with suppress(subprocess.TimeoutExpired):
        if seconds > 0:
            process.wait(seconds)
    if process.poll() is None:
        process.kill()
    return process.wait()


def close(pipe: Any) -> None:
    """Close one end of a pipe."""
    if pipe is not None:
        with suppress(OSError):  # what was buffered for a child that is gone
            pipe.close()
