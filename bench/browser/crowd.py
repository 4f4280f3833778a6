"""Act as a crowd of browsers that look at the page at once.

Law: each does what a browser does, or what none should; nothing of theirs runs in bachd's processes.
"""

from __future__ import annotations

import asyncio
import math
import socket
from base64 import b64encode
from time import monotonic
from typing import Final

from aiohttp import ClientError, ClientSession

CLIENTS: Final = 20
PATHS: Final = ("/", "/api/status", "/api/settings", "/metrics", "/api/pieces/bwv269", "/api/music.mid", "/api/none")
_DEAF: Final = 5
"""How many of those who look never read."""
_SMALL: Final = 4096
"""Bytes that the system is to keep for one who never reads."""
_PATIENCE: Final = 120.0
"""Seconds in which those are to be let go."""


class Crowd:
    """Clients of all kinds, and what became of them."""

    def __init__(self, port: int) -> None:
        """port: where the page is, on this machine."""
        self._port = port
        self.answered = 0
        """Requests."""
        self.longest = 0
        """Bytes of the longest message that the feed sent."""

    async def come(self, seconds: float) -> None:
        """All of them, for so many seconds."""
        address = f"http://127.0.0.1:{self._port}"
        async with ClientSession() as session:
            tasks = [asyncio.create_task(self._look(session, address)) for _ in range(CLIENTS - _DEAF)]
            tasks += [
                asyncio.create_task(self._ask(session, address + PATHS[number % len(PATHS)]))
                for number in range(CLIENTS)
            ]
            deaf = [await self._open_deaf() for _ in range(_DEAF)]
            await asyncio.sleep(seconds)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for end in deaf:
            end.close()

    async def outstay(self) -> float:
        """Connect clients that never read; return the seconds until the last was disconnected, or infinity."""
        deaf = [await self._open_deaf() for _ in range(_DEAF)]
        begin, most, taken = monotonic(), 0.0, math.inf
        async with ClientSession() as session:
            while taken == math.inf and monotonic() - begin < _PATIENCE:
                looking = await self._looking(session)
                most = max(most, looking)
                if most >= _DEAF and looking == 0:
                    taken = monotonic() - begin
                await asyncio.sleep(0.1)
        for end in deaf:
            end.close()
        return taken

    async def _looking(self, session: ClientSession) -> float:
        """Return the number of clients that the page reports."""
        async with session.get(f"http://127.0.0.1:{self._port}/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("bachd_page_clients "))

    async def _look(self, session: ClientSession, address: str) -> None:
        async with session.ws_connect(f"{address}/api/feed") as feed:
            while True:
                message = await feed.receive_str()
                self.longest = max(self.longest, len(message.encode()))

    async def _ask(self, session: ClientSession, address: str) -> None:
        while True:
            try:
                async with session.get(address) as answer:
                    await answer.read()
                self.answered += 1
            except ClientError:
                await asyncio.sleep(0.01)

    async def _open_deaf(self) -> socket.socket:
        """A feed that is open, and never read from."""
        end = socket.socket()
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
        end.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(end, ("127.0.0.1", self._port))
        lines = [
            "GET /api/feed HTTP/1.1",
            f"Host: 127.0.0.1:{self._port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {b64encode(b'bachd: deaf ears').decode()}",
            "",
            "",
        ]
        await loop.sock_sendall(end, "\r\n".join(lines).encode())
        return end
