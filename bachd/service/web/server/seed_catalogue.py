"""List the seed pieces of the bundle that plays, with what a musician looks for.

Law: a bundle is read once, in a thread, however many ask; another one takes its place.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

from aiohttp import web

from bachd.errors import BachdError
from bachd.service.pieces import catalogue
from bachd.service.web.server.daemon_link import Refused


class SeedCatalogue:
    """The list."""

    def __init__(self, model: Callable[[], str]) -> None:
        """model: the name of the bundle that plays."""
        self._model = model
        self._known: tuple[str, str] | None = None
        """A bundle and its list, as JSON."""
        self._reading = asyncio.Lock()

    async def serve(self, _: web.Request) -> web.Response:
        """GET /api/pieces."""
        async with self._reading:
            model = self._model()
            if self._known is None or self._known[0] != model:
                text = await asyncio.get_running_loop().run_in_executor(None, _list, model)
                self._known = (model, text)
            return web.json_response(text=self._known[1])


def _list(model: str) -> str:
    """Return the pieces as JSON. Raises Refused."""
    try:
        return json.dumps([asdict(piece) for piece in catalogue.pieces(model)])
    except BachdError as fault:
        raise Refused([str(fault)]) from None
