"""Send what plays and what comes next to browsers: one WebSocket each.

Law: memory is bounded however many follow. A client that does not keep up is let go, and when it comes back, `hello`
holds what it has missed.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from time import monotonic
from typing import Any, Final, TypeAlias

from aiohttp import WSMsgType, web

from bachd.service.web.messages import FeedMessage, PlannedStep, Settings, Status, Step
from bachd.service.web.server.browser_messages import Hello, Pong

PAST: Final = 40
"""Steps in `hello`."""
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
_MOST_NOTES: Final = 300
"""Messages that are played, a second."""

Played: TypeAlias = Callable[[int, Sequence[int]], None]
"""Called with the number of a client, and the bytes of a MIDI message that is played there; none when it is gone."""


class Feed:
    """The daemon's messages, remembered as far as a new client needs them, and passed on."""

    def __init__(self, watched: Callable[[int], None], played: Played) -> None:
        """watched: called with the number of clients, when it changes. played: called with what is played on one."""
        self._watched, self._played = watched, played
        self._numbers = count(1)
        self.status: Status | None = None
        """The last that was received; None at first."""
        self.settings: Settings | None = None
        self.last = 0.0
        """When the daemon last sent anything, in monotonic seconds."""
        self._past: deque[Step] = deque(maxlen=PAST)
        self._plan: list[PlannedStep] = []
        self._clients: set[_Client] = set()

    @property
    def clients(self) -> int:
        """Number of clients."""
        return len(self._clients)

    def receive(self, message: FeedMessage, text: str) -> None:
        """Keep a message of the daemon, and pass its JSON on as it is."""
        self.last = monotonic()
        match message["type"]:
            case "step":
                self._past.append(message["step"])
                now = message["step"]["n"]
                self._plan = [step for step in self._plan if step["n"] > now]
            case "retracted":
                while self._past and self._past[-1]["n"] >= message["n"]:
                    self._past.pop()
                self._past += message["steps"]
                self._plan = []  # it went on from what did not sound
            case "plan":
                self._plan = message["steps"]
            case "status":
                self.status = message["status"]
            case "settings":
                self.settings = message["settings"]
        for client in tuple(self._clients):
            client.send(text)

    def hello(self) -> str:
        """Return the first message to a client."""
        hello: Hello = {
            "type": "hello",
            "now": monotonic(),
            "settings": self.settings,
            "status": self.status,
            "past": list(self._past),
            "plan": self._plan,
        }
        return json.dumps(hello)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one more client, until it goes or is let go."""
        if len(self._clients) >= MOST_CLIENTS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_CLIENTS} follow the feed already")
        socket = web.WebSocketResponse(max_msg_size=LONGEST, heartbeat=HEARTBEAT, compress=False)
        number = next(self._numbers)
        client = _Client(socket, request, lambda data: self._played(number, data))
        self._clients.add(client)  # before anything is awaited: so many and no more
        self._watched(self.clients)
        try:
            await socket.prepare(request)
            client.send(self.hello())
            await client.attend()
        finally:
            self._clients.discard(client)
            self._watched(self.clients)
            if client.has_played:
                self._played(number, ())
        return socket


class _Client:
    def __init__(
        self, socket: web.WebSocketResponse, request: web.Request, played: Callable[[Sequence[int]], None]
    ) -> None:
        self.has_played = False
        self._played = played
        self._socket = socket
        self._request = request
        self._waiting: asyncio.Queue[str] = asyncio.Queue(BEHIND)

    def send(self, text: str) -> None:
        """Have a message sent when the client can take it."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.drop()

    def drop(self) -> None:
        """Let the client go, with all that still waits for it."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def attend(self) -> None:
        """Send and listen until the client is gone, or sends nonsense."""
        sending = asyncio.create_task(self._send())
        try:
            await self._listen()
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    async def _send(self) -> None:
        try:
            while True:
                text = await self._waiting.get()
                async with asyncio.timeout(SLOWEST):
                    await self._socket.send_str(text)
        except (OSError, TimeoutError, RuntimeError):  # gone, or as good as gone
            self.drop()

    async def _listen(self) -> None:
        second, pings, notes = 0, 0, 0
        async for message in self._socket:
            if int(monotonic()) != second:
                second, pings, notes = int(monotonic()), 0, 0
            said = _said(message.data) if message.type == WSMsgType.TEXT else {}
            if (ping := _ping(said)) is not None and pings < _MOST_PINGS:
                pings += 1
                pong: Pong = {"type": "pong", "t": ping, "now": monotonic()}
                self.send(json.dumps(pong))
            elif (data := _data(said)) is not None and notes < _MOST_NOTES:
                notes += 1
                self.has_played = True
                self._played(data)
            else:
                await self._socket.close(code=1008, message=b"only pings and notes, and few of them")
                return


def _said(text: str) -> dict[str, Any]:
    """Return an object that was sent; an empty one if it is none."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _ping(message: Mapping[str, Any]) -> float | None:
    """Return the time in a ping; None if it is not one."""
    said = message.get("t") if message.get("type") == "ping" else None
    return said if isinstance(said, int | float) and not isinstance(said, bool) and abs(said) < 1e15 else None


def _data(message: Mapping[str, Any]) -> list[int] | None:
    """Return the bytes of a channel message that is played; None if there are none."""
    data = message.get("data") if message.get("type") == "play" else None
    if not isinstance(data, list) or not all(type(byte) is int for byte in data):
        return None
    lengths = {0x80: 3, 0x90: 3, 0xB0: 3, 0xC0: 2, 0xE0: 3}
    if not data or len(data) != lengths.get(data[0] & 0xF0) or not 0x80 <= data[0] < 0xF0:
        return None
    return data if all(0 <= byte < 0x80 for byte in data[1:]) else None
