"""Say how the page is opened from another machine: by which addresses, by ssh, and as a QR code.

Law: nothing is sent to the network to find out.
"""

from __future__ import annotations

import fcntl
import io
import os
import socket
import struct
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

AVAHI: Final = Path("/run/avahi-daemon/socket")
"""Where avahi answers, which makes this machine known as HOST.local."""
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address in no network (RFC 5737): the system is only asked from which of its own it would be reached."""
_SIOCGIFADDR: Final = 0x8915
"""In Linux' sockios.h: the IPv4 address of an interface."""


def elsewhere(link: str) -> list[str]:
    """Return links to the page that work on another machine, the likeliest first; none if it listens to this one alone.

    link: the page's own, with its token.
    """
    parts = urlsplit(link)
    if parts.hostname is None or parts.port is None or _is_local(parts.hostname):
        return []
    names = [parts.hostname]
    if parts.hostname == socket.gethostname():  # it listens to all networks
        names = [f"{parts.hostname.partition('.')[0]}.local"] if os.access(AVAHI, os.F_OK) else []
        names += _own_addresses()
    return [link.replace(f"//{parts.netloc}/", f"//{_bracketed(name)}:{parts.port}/", 1) for name in names] or [link]


def by_ssh(link: str) -> str:
    """Return how a page that listens to this machine alone is reached by ssh."""
    parts = urlsplit(link)
    near = link.replace(f"//{parts.netloc}/", f"//localhost:{parts.port}/", 1)
    tunnel = f"ssh -L {parts.port}:{_bracketed(parts.hostname or '')}:{parts.port} USER@{socket.gethostname()}"
    return f"{tunnel}, then {near}"


def qr_code(link: str) -> str:
    """Return a link as a QR code of half blocks, for a dark or a light terminal; '' without segno."""
    try:
        import segno
    except ImportError:
        return ""
    out = io.StringIO()
    segno.make(link, error="l").terminal(out, compact=True)
    return out.getvalue().rstrip("\n")


def _own_addresses() -> list[str]:
    """Return this machine's address in each network, as in that of a cable to a laptop; to the world comes first."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, interface in socket.if_nameindex():
            with suppress(OSError):  # it has none, or this is not Linux
                request = struct.pack("256s", interface.encode())
                found.append(socket.inet_ntoa(fcntl.ioctl(probe, _SIOCGIFADDR, request)[20:24]))
        with suppress(OSError):
            probe.connect(_ELSEWHERE)
            found.insert(0, str(probe.getsockname()[0]))
    return [address for address in dict.fromkeys(found) if not ip_address(address).is_loopback]


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
