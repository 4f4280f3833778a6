"""`python -m bachd.service.web.server CHANNEL LISTENER`: serve the page, with two inherited sockets.

Law: it gives way to whatever plays, in time and in memory, and it ends when its daemon does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from bachd.service.web.server.daemon_link import DaemonLink, DaemonLog

NICE: Final = 10
"""The niceness of the page, where the music has 0 or less."""
MOST_MEMORY: Final = 192 << 20
"""Bytes of data that this process may have, and each that it starts: three times what it needs."""


async def _serve(channel: socket.socket, listener: socket.socket) -> None:
    link = await DaemonLink.open(channel)
    logging.getLogger("bachd").addHandler(DaemonLog(link))
    try:
        opening = await link.opening()
        from bachd.service.web.server import app  # only now: what goes wrong there can be logged

        await app.serve(link, listener, opening)
    except asyncio.CancelledError:
        raise
    except Exception as fault:  # noqa: BLE001  (whatever it is, the daemon logs it and starts another process)
        link.log(f"{type(fault).__name__}: {fault}")


def _give_way() -> None:
    """Come after the music, and be the first to go when memory is short. A sandbox may forbid each of these."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def main() -> None:
    """Serve until the channel ends."""
    _give_way()
    channel, listener = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    asyncio.run(_serve(channel, listener))


if __name__ == "__main__":
    main()
