"""Start the process that serves the page.

Law: when memory is short, the system ends that process before any other, the music last of all.
"""

from __future__ import annotations

import os
import subprocess
import sys

_MANAGERS: tuple[str, ...] = ("LISTEN_", "NOTIFY_", "WATCHDOG_")
"""How the variables begin that are between systemd and the daemon."""


def start(channel: int, listener: int) -> subprocess.Popen[bytes]:
    """Start it, with two sockets of this process. Raises OSError."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_MANAGERS)}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))  # the same bachd
    # glibc gives each thread a heap of its own, and what is freed there stays there: tens of megabytes in a few hours.
    environment["MALLOC_ARENA_MAX"] = "1"
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "bachd.service.web.server", str(channel), str(listener)],
        pass_fds=(channel, listener),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # what it has to say comes through the channel
        start_new_session=True,  # Ctrl-C is for this process; that one ends with its channel
        env=environment,
    )
