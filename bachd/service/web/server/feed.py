"""What plays and what comes next, to all who look: one WebSocket each.

Law: memory is bounded whoever looks. One who does not keep up is let go, and finds out from `hello` what he has missed.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from aiohttp import WSMsgType, web

PAST: Final = 40
"""Steps that one who comes is told of."""
MOST_CLIENTS: Final = 32
BEHIND: Final = 64
"""Messages that may wait for a client."""
SLOWEST: Final = 10.0
"""Seconds in which one message must have gone out."""
LONGEST: Final = 1024
"""Bytes of a client's message."""
HEARTBEAT: Final = 20.0
"""Seconds between two looks whether a silent client is still there."""
_MOST_PINGS: Final = 10
"""A second."""


class Feed:
    """The daemon's word, remembered as far as those who come need it, and passed on."""

    def __init__(self, watched: Callable[[int], None]) -> None:
        """watched: called with the number of those who look, when it changes."""
        self._watched = watched
        self.status: dict[str, Any] | None = None
        """The last that was said; None at first."""
        self.settings: dict[str, Any] | None = None
        self.heard = 0.0
        """When the daemon last said anything, in monotonic seconds."""
        self._past: deque[dict[str, Any]] = deque(maxlen=PAST)
        self._plan: list[dict[str, Any]] = []
        self._clients: set[_Client] = set()

    @property
    def clients(self) -> int:
        """How many look."""
        return len(self._clients)

    def hear(self, message: dict[str, Any], line: str) -> None:
        """Keep what the daemon says, and pass it on as it is."""
        self.heard = monotonic()
        match message["type"]:
            case "step":
                self._past.append(message["step"])
                self._plan = [step for step in self._plan if step["n"] > message["step"]["n"]]
            case "plan":
                self._plan = message["steps"]
            case "status":
                self.status = message["status"]
            case "settings":
                self.settings = message["settings"]
        for client in tuple(self._clients):
            client.tell(line)

    def hello(self) -> str:
        """What one who comes is told first."""
        return json.dumps(
            {
                "type": "hello",
                "now": monotonic(),
                "settings": self.settings,
                "status": self.status,
                "past": list(self._past),
                "plan": self._plan,
            }
        )

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Be looked at by one more, until he goes or is let go."""
        if len(self._clients) >= MOST_CLIENTS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_CLIENTS} look already")
        socket = web.WebSocketResponse(max_msg_size=LONGEST, heartbeat=HEARTBEAT, compress=False)
        client = _Client(socket, request)
        self._clients.add(client)  # before anything is awaited: so many and no more
        self._watched(self.clients)
        try:
            await socket.prepare(request)
            client.tell(self.hello())
            await client.attend()
        finally:
            self._clients.discard(client)
            self._watched(self.clients)
        return socket


class _Client:
    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request
        self._waiting: asyncio.Queue[str] = asyncio.Queue(BEHIND)

    def tell(self, line: str) -> None:
        """Have it sent when the client can take it."""
        try:
            self._waiting.put_nowait(line)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """Let the client go, with all that still waits for it."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def attend(self) -> None:
        """Send and listen until the client is gone, or talks nonsense."""
        sending = asyncio.create_task(self._send())
        try:
            await self._listen()
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    async def _send(self) -> None:
        try:
            while True:
                line = await self._waiting.get()
                async with asyncio.timeout(SLOWEST):
                    await self._socket.send_str(line)
        except (OSError, TimeoutError, RuntimeError):  # gone, or as good as gone
            self.drop()

    async def _listen(self) -> None:
        second, pings = 0, 0
        async for message in self._socket:
            if int(monotonic()) != second:
                second, pings = int(monotonic()), 0
            pings += 1
            ping = _ping(message.data) if message.type == WSMsgType.TEXT else None
            if ping is None or pings > _MOST_PINGS:
                await self._socket.close(code=1008, message=b"only pings, and few of them")
                return
            self.tell(json.dumps({"type": "pong", "t": ping, "now": monotonic()}))


def _ping(text: str) -> float | None:
    """The time that a client says it is; None if that is not what it says."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("type") != "ping":
        return None
    said = message.get("t")
    return said if isinstance(said, int | float) and not isinstance(said, bool) and abs(said) < 1e15 else None
