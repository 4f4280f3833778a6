"""Count the connections of clients, and close one when there are too many.

Law: a new connection is always taken. When there are too many, the address with the most connections without a token
loses its oldest one, so a flood displaces only itself.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from ipaddress import IPv4Address, ip_address
from typing import Final

from aiohttp import web

MOST: Final = 256


class Connections:
    """Makes the protocols of a server's connections."""

    def __init__(self, server: web.Server, most: int = MOST) -> None:
        self._server = server
        self._most = most
        self._trusted: set[asyncio.BaseProtocol] = set()
        self._dropped: set[asyncio.BaseProtocol] = set()

    def trust(self, request: web.BaseRequest) -> None:
        """Note that this connection has shown the token: it stays when others have to go."""
        self._trusted.add(request.protocol)

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        present = set(self._server.connections)
        self._trusted &= present
        self._dropped &= present
        here = [each for each in self._server.connections if each not in self._dropped and each.transport is not None]
        if len(here) >= self._most:
            strangers = [each for each in here if each not in self._trusted] or here
            addresses = Counter(map(_address, strangers))
            (largest, _), *_ = addresses.most_common(1)
            oldest = next(each for each in strangers if _address(each) == largest)
            self._dropped.add(oldest)
            if isinstance(oldest.transport, asyncio.Transport):
                oldest.transport.abort()
        return self._server()


def _address(connection: web.RequestHandler) -> str:
    peer = connection.peername
    return network(peer[0] if isinstance(peer, tuple) else None)


def network(host: str | None) -> str:
    """Return what counts as one client: an address of IPv4, or the 64 bits of IPv6 that a client's network has."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or address.exploded[:19])
