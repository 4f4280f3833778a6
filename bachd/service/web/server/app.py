"""The addresses of the page, and what is done at each.

Law: everything that comes in is bounded and checked here or by the daemon, and nothing a request can say makes this
process fail. openapi.yaml describes it all.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import Any, Final

from aiohttp import web

import bachd.service.web.server
from bachd.service.web.server import auth
from bachd.service.web.server.daemon_link import Channel, Refused
from bachd.service.web.server.feed import Feed
from bachd.service.web.server.files import Music
from bachd.service.web.server.metrics import Metrics
from bachd.service.web.server.recording import Journal
from bachd.service.web.server.static import Static

MOST_CONNECTIONS: Final = 256
SILENT: Final = 5.0
"""Seconds without a word from the daemon after which it is not well."""
LARGEST: Final = 300 * 1024
"""Bytes of a request's body: a .mid file of 256 KiB, and what a form adds."""
LARGEST_CHANGE: Final = 16 * 1024
"""Bytes of a change of settings."""


class App:
    """What is served, put together."""

    def __init__(self, way: Channel, opening: dict[str, Any]) -> None:
        """opening: the daemon's first line: `token` or null, `home` for what is kept, `run` that is kept."""
        home = Path(opening["home"])
        here = Path(str(files(bachd.service.web.server)))
        self._way = way
        self._feed = Feed(way.watched)
        self._journal = Journal(home, opening["run"])
        self._music = Music(self._journal, home / "seeds", self._model)
        self._metrics = Metrics(self._feed, self._is_playing)
        self._page = Static(here.parents[2] / "page")
        self._own = Static(here)
        self._login_page = (here / "login.html").read_text()
        doorkeeper = auth.Access(opening["token"], self._login)
        self.web = web.Application(
            middlewares=[auth.answered, doorkeeper.middleware], client_max_size=LARGEST, logger=_SILENT
        )
        self.web.on_response_prepare.append(_with_headers)
        self.web.add_routes(
            [
                web.get("/login", self._show_login),
                web.post("/login", doorkeeper.log_in),
                web.get("/{name:login\\.js|login\\.css|openapi\\.yaml}", self._own.serve),
                web.get("/health", self._health),
                web.get("/metrics", self._figures),
                web.get("/api/feed", self._feed.serve),
                web.get("/api/status", self._status),
                web.get("/api/settings", self._settings),
                web.patch("/api/settings", self._change),
                web.post("/api/settings/{what:undo|save}", self._settle),
                web.post("/api/{what:play|pause|stop|panic}", self._order),
                web.post("/api/seeds", self._music.take_seed),
                web.get("/api/pieces/{name:.+}", self._music.piece),
                web.get("/api/music.mid", self._music.as_mid),
                web.get("/api/music.wav", self._music.as_wav),
                web.get("/{path:(?!api/).*}", self._page.serve),
            ]
        )

    def hear(self, message: dict[str, Any], line: str) -> None:
        """Take what the daemon says."""
        if message["type"] == "step":
            self._journal.add(message["step"])
        self._feed.hear(message, line)

    def _model(self) -> str:
        values = (self._feed.settings or {}).get("values", {})
        return str(values.get("model", "chorales"))

    def _is_well(self) -> bool:
        return self._feed.status is not None and monotonic() - self._feed.heard < SILENT

    def _is_playing(self) -> bool:
        return self._is_well() and bool(self._feed.status and self._feed.status["playing"])

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"playing": self._is_playing()}, status=200 if self._is_well() else 503)

    async def _figures(self, _: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _status(self, _: web.Request) -> web.Response:
        if self._feed.status is None:
            raise Refused(["nothing is known yet; try again in a second"], 503)
        return web.json_response({**self._feed.status, "clock": {"now": monotonic()}})

    async def _settings(self, _: web.Request) -> web.Response:
        return web.json_response(await self._way.ask("settings"))

    async def _change(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > LARGEST_CHANGE:
            raise web.HTTPRequestEntityTooLarge(LARGEST_CHANGE, request.content_length or 0)
        try:
            wanted = json.loads(await request.text())
        except (ValueError, RecursionError, LookupError):  # LookupError: a charset that nobody knows
            raise Refused(["this is no JSON"], 400) from None
        return web.json_response(await self._way.ask("change", wanted))

    async def _settle(self, request: web.Request) -> web.Response:
        return web.json_response(await self._way.ask(request.match_info["what"]))

    async def _order(self, request: web.Request) -> web.Response:
        return web.json_response(await self._way.ask(request.match_info["what"]))

    async def _show_login(self, _: web.Request) -> web.Response:
        return self._login(200, "")

    def _login(self, status: int, hint: str) -> web.Response:
        return web.Response(text=self._login_page.replace("HINT", hint), status=status, content_type="text/html")


async def serve(way: Channel, listener: socket.socket, opening: dict[str, Any]) -> None:
    """Serve until the daemon is gone."""
    app = App(way, opening)
    runner = web.AppRunner(app.web, access_log=None, keepalive_timeout=15.0, logger=_SILENT)
    await runner.setup()
    assert runner.server is not None
    server, door = runner.server, asyncio.get_running_loop()
    server.request_handler = auth.expecting_nothing(server.request_handler)

    def connect() -> asyncio.Protocol:
        crowded = len(server.connections) >= MOST_CONNECTIONS
        return _Refusing() if crowded else server()

    listening = await door.create_server(connect, sock=listener)
    try:
        await way.listen(app.hear)
    finally:
        listening.close()


class _Refusing(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


async def _with_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(auth.HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


_SILENT: Final = logging.getLogger("bachd.service.web.server.aiohttp")
"""What aiohttp says of malformed requests is not for the daemon's log: anybody could fill it."""
_SILENT.setLevel(logging.CRITICAL)
_SILENT.propagate = False
