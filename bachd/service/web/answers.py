"""Carry out a request of the page, and answer it.

Law: each request gets one answer; what changes for all browsers is sent before it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from bachd.errors import BachdError
from bachd.service.web.channel import Channel
from bachd.service.web.commands import Commands
from bachd.service.web.messages import CHANGES, ORDERS, Request

log = logging.getLogger("bachd")


async def answer(commands: Commands, channel: Channel, request: Request) -> None:
    """Carry out a request, and send its answer."""
    command = request["command"]
    try:
        result = await commands.handle(command, request["payload"])
    except BachdError as fault:
        refuse(channel, request, str(fault).splitlines(), 409 if command in ("save", "keep", *ORDERS) else 422)
    except Exception:  # a request must not end the music
        log.exception("the page asked for %r, and that failed", command)
        refuse(channel, request, ["this is a bug in bachd; its log says more"], 500)
    else:
        if command in ORDERS:
            channel.offer({"type": "going" if commands.running else "halted"})
        elif command in CHANGES:
            channel.offer({"type": "settings", "settings": result})
        channel.write({"type": "done", "id": request["id"], "ok": result})


def refuse(channel: Channel, request: Request, faults: Sequence[str], status: int) -> None:
    """Answer that a request is not carried out. status: in HTTP."""
    channel.write({"type": "refused", "id": request["id"], "faults": list(faults), "status": status})
