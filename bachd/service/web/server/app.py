"""Serve the page: its addresses, and what is done at each.

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
from bachd.service.web.listen_socket import BACKLOG
from bachd.service.web.messages import CHANGES, ORDERS, Command, FeedMessage, Opening
from bachd.service.web.server import auth
from bachd.service.web.server.bodies import read_body
from bachd.service.web.server.connections import Connections
from bachd.service.web.server.daemon_link import DaemonLink, Refused
from bachd.service.web.server.feed import Feed
from bachd.service.web.server.metrics import Metrics
from bachd.service.web.server.music_files.files import MusicFiles
from bachd.service.web.server.music_files.recording import Recording
from bachd.service.web.server.music_files.score_file import ScoreFile
from bachd.service.web.server.seed_catalogue import SeedCatalogue
from bachd.service.web.server.static import Static

SILENT: Final = 5.0
"""Seconds without a message from the daemon after which it is not well."""
LARGEST_CHANGE: Final = 16 * 1024
"""Bytes of a change of settings, or of a favourite."""


_ASKED: Final[tuple[Command, ...]] = ("sleep", "learn", "keep", "replay", "describe", "forget")


class App:
    """State shared by the request handlers."""

    def __init__(self, link: DaemonLink, opening: Opening) -> None:
        """opening: the daemon's first message."""
        home = Path(opening["home"])
        here = Path(str(files(bachd.service.web.server)))
        self._link = link
        self._feed = Feed(link.watched, link.played)
        self._recording = Recording(home, opening["run"])
        self._music = MusicFiles(self._recording, home / "seeds", self._model)
        self._score = ScoreFile(link)
        self._metrics = Metrics(self._feed, self._is_playing)
        self._page = Static(here.parents[2] / "page")
        self._own = Static(here)
        self._login_files = Static(here / "login")
        self._login_page = (here / "login" / "login.html").read_text()
        self.connections: Connections | None = None
        """Set once there is a server."""
        access = auth.Authenticator(opening["token"], opening["hosts"], self._login, self._trust)
        self.web = web.Application(middlewares=[auth.answered, access.middleware], logger=_SILENT)
        self.web.on_response_prepare.append(_with_headers)
        self.web.add_routes(
            [
                web.get("/login", self._show_login),
                web.post("/login", access.log_in),
                web.get("/{name:login\\.js|login\\.css}", self._login_files.serve),
                web.get("/{name:openapi\\.yaml}", self._own.serve),
                web.get("/health", self._health),
                web.get("/metrics", self._figures),
                web.get("/api/feed", self._feed.serve),
                web.get("/api/status", self._status),
                web.get("/api/settings", self._settings),
                web.patch("/api/settings", self._change),
                web.post("/api/settings/{what:undo|redo|save}", self._settle),
                web.put("/api/presets/{name}", self._preset),
                web.delete("/api/presets/{name}", self._preset),
                web.post(f"/api/{{what:{'|'.join(ORDERS)}}}", self._order),
                web.post(f"/api/{{what:{'|'.join(_ASKED)}}}", self._ask),
                web.get("/api/history", self._history),
                web.get("/api/score.musicxml", self._score.serve),
                web.post("/api/seeds", self._music.take_seed),
                web.get("/api/pieces", SeedCatalogue(self._model).serve),
                web.get("/api/pieces/{name:.+}", self._music.piece),
                web.get("/api/music.mid", self._music.as_mid),
                web.get("/api/music.wav", self._music.as_wav),
                web.get("/{path:(?!api/).*}", self._page.serve),
            ]
        )

    def receive(self, message: FeedMessage, text: str) -> None:
        """Handle a message of the daemon, whose JSON is `text`."""
        if message["type"] == "step":
            self._recording.add(message["step"])
        elif message["type"] == "retracted":
            self._recording.retract(message["n"], message["steps"])
        self._score.receive(message)
        self._feed.receive(message, text)

    def _trust(self, request: web.Request) -> None:
        if self.connections is not None:
            self.connections.trust(request)

    def _model(self) -> str:
        settings = self._feed.settings
        return "chorales" if settings is None else str(settings["values"].get("model", "chorales"))

    def _is_well(self) -> bool:
        return self._feed.status is not None and monotonic() - self._feed.last < SILENT

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
        return web.json_response(await self._link.ask("settings"))

    async def _change(self, request: web.Request) -> web.Response:
        return web.json_response(await self._link.ask("change", await _json(request)))

    async def _ask(self, request: web.Request) -> web.Response:
        wanted = await _json(request, default=b"null")
        (what,) = (what for what in _ASKED if what == request.match_info["what"])
        return web.json_response(await self._link.ask(what, wanted))

    async def _history(self, _: web.Request) -> web.Response:
        return web.json_response(await self._link.ask("history"))

    async def _settle(self, request: web.Request) -> web.Response:
        (what,) = (what for what in CHANGES if what == request.match_info["what"])
        return web.json_response(await self._link.ask(what))

    async def _preset(self, request: web.Request) -> web.Response:
        """Keep the present settings under a name, or remove what was kept so."""
        what: Command = "save_preset" if request.method == "PUT" else "remove_preset"
        return web.json_response(await self._link.ask(what, {"name": request.match_info["name"]}))

    async def _order(self, request: web.Request) -> web.Response:
        (order,) = (order for order in ORDERS if order == request.match_info["what"])
        return web.json_response(await self._link.ask(order))

    async def _show_login(self, _: web.Request) -> web.Response:
        return self._login(200, "")

    def _login(self, status: int, hint: str) -> web.Response:
        return web.Response(text=self._login_page.replace("HINT", hint), status=status, content_type="text/html")


async def _json(request: web.Request, default: bytes = b"") -> Any:
    """Return what a request says. default: what one without a body says. Raises Refused."""
    data = await read_body(request, LARGEST_CHANGE) or default
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Refused(["this is not JSON"], 400) from None


async def serve(link: DaemonLink, listener: socket.socket, opening: Opening) -> None:
    """Serve until the daemon has ended."""
    app = App(link, opening)
    runner = web.AppRunner(
        app.web,
        access_log=None,
        keepalive_timeout=15.0,  # for the head of a request, too
        lingering_time=2.0,  # in which what is left of a refused body is read and thrown away
        auto_decompress=False,
        logger=_SILENT,
    )
    await runner.setup()
    assert runner.server is not None
    runner.server.request_handler = auth.expecting_nothing(runner.server.request_handler)
    app.connections = Connections(runner.server)
    listening = await asyncio.get_running_loop().create_server(app.connections, sock=listener, backlog=BACKLOG)
    try:
        await link.listen(app.receive)
    finally:
        listening.close()


async def _with_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(auth.HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")


_SILENT: Final = logging.getLogger("bachd.service.web.server.aiohttp")
"""What aiohttp logs of malformed requests is not for the daemon's log: anybody could fill it."""
_SILENT.setLevel(logging.CRITICAL)
_SILENT.propagate = False
