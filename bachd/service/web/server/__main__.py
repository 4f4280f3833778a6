"""`python -m bachd.service.web.server CHANNEL LISTENER`: serve the page, with two inherited sockets.

Law: it gives way to whatever plays, and it ends when its daemon does.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from contextlib import suppress
from typing import Final

from bachd.service.web.server.daemon_link import Channel, ChannelLog

NICE: Final = 10
"""The niceness of the page, where the music has 0 or less."""


async def _serve(channel: socket.socket, listener: socket.socket) -> None:
    way = await Channel.open(channel)
    logging.getLogger("bachd").addHandler(ChannelLog(way))
    try:
        opening = await way.opening()
        from bachd.service.web.server import app  # only now: what goes wrong there can be told

        await app.serve(way, listener, opening)
    except asyncio.CancelledError:
        raise
    except Exception as fault:  # noqa: BLE001  (whatever it is, the daemon is told in a line, and starts another)
        way.log(f"{type(fault).__name__}: {fault}")


def main() -> None:
    """Serve until the channel ends."""
    with suppress(OSError):  # a sandbox may forbid it
        os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    channel, listener = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    asyncio.run(_serve(channel, listener))


if __name__ == "__main__":
    main()
