"""Open the page's listening socket, or take the one that systemd hands over.

Law: the socket is the daemon's, so that it outlives whatever process serves it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from ipaddress import ip_address
from time import monotonic
from typing import Final

from bachd.errors import StatusError

PATIENCE: Final = 5.0
"""Seconds for which a port that is taken is tried again: the page of a daemon that was killed has it for a moment."""
BACKLOG: Final = 1024
"""Connections that may wait to be accepted. One more is answered a second late, when TCP asks again."""
FIRST: Final = 3
"""The file descriptor at which systemd hands over a socket."""


def inherited() -> socket.socket | None:
    """The listening socket that systemd has handed over, if it has."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS", "0") == "0":
        return None
    return socket.socket(fileno=os.dup(FIRST))


async def listening(host: str, port: int) -> socket.socket:
    """A socket there. Raises StatusError if the address is not this machine's, or the port stays taken."""
    deadline = monotonic() + PATIENCE
    while True:
        try:
            return bound(host, port)
        except OSError as fault:
            if monotonic() > deadline:
                raise StatusError(f"{unusable(host, port, fault)}; choose another port in config.yaml") from None
            await asyncio.sleep(PATIENCE / 10)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def unusable(host: str, port: int, fault: OSError) -> str:
    """Describe why an address cannot be listened at."""
    return f"web.listen: {host}:{port} cannot be used: {fault.strerror or fault}"


def link(host: str, port: int, token: str | None) -> str:
    """An address for a browser. What stands behind '#' is not sent to any server, nor kept in its log."""
    name = socket.gethostname() if ip_address(host).is_unspecified else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + ("" if token is None else f"login#{token}")
