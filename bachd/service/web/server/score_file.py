"""Send a piece of this run as a score.

Law: the music is the daemon's; here it is only written down, in a thread, for that takes its time.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from bachd.music.notation import musicxml
from bachd.music.notation.score import score
from bachd.service.pieces import favourite
from bachd.service.web.server.bodies import pieces, send
from bachd.service.web.server.daemon_link import DaemonLink, Refused
from bachd.service.web.server.files import download, stem_of


class ScoreFile:
    """The scores."""

    def __init__(self, link: DaemonLink) -> None:
        """link: whom to ask for the pieces."""
        self._link = link

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /api/score.musicxml?piece=NUMBER."""
        number = request.query.get("piece", "")
        if not (number.isascii() and number.isdecimal() and 0 < len(number) <= 9):
            raise Refused([f"piece: {number[:20]!r} is no number of a piece"], 400)
        text = await self._link.ask("favourite", {"number": int(number)})
        name, data = await asyncio.get_running_loop().run_in_executor(None, _written, text)
        return await send(request, download("application/vnd.recordare.musicxml+xml", name), len(data), pieces(data))


def _written(text: str) -> tuple[str, bytes]:
    """The name and the content of a file."""
    kept = favourite.parse(text)
    creator = f"bachd, model {kept.model}"
    return f"{stem_of(kept.title)}.musicxml", musicxml.write(
        score(kept.steps, kept.bpm), f"After {kept.title}", creator=creator
    )
