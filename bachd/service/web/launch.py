"""Start the process that serves the page.

Law: when memory is short, the system ends that process before any other, the music last of all.
"""

from __future__ import annotations

import subprocess

from bachd import child_process


def start(channel: int, listener: int) -> subprocess.Popen[bytes]:
    """Start it, with two sockets of this process. Raises OSError."""
    return child_process.start(
        "bachd.service.web.server",
        str(channel),
        str(listener),
        pass_fds=(channel, listener),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # what it has to report comes through the channel, and it ends with that
        # glibc gives each thread a heap of its own, and what is freed there stays there: tens of megabytes in hours.
        environment={"MALLOC_ARENA_MAX": "1"},
    )
