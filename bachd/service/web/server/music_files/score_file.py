"""Send a piece of this run as a score.

Law: the music is the daemon's; here it is only written down, in a thread, for that takes its time.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import web

from bachd.music.notation import musicxml
from bachd.music.notation.score import score
from bachd.service.pieces import favourite, titles
from bachd.service.web.messages import FeedMessage
from bachd.service.web.server.bodies import pieces, send
from bachd.service.web.server.daemon_link import DaemonLink, Refused
from bachd.service.web.server.music_files.files import download, stem_of
from bachd.service.web.server.music_files.present_piece import PresentPiece


class ScoreFile:
    """The scores."""

    def __init__(self, link: DaemonLink) -> None:
        """link: whom to ask for the pieces."""
        self._link = link
        self._present = PresentPiece()
        self._thread = ThreadPoolExecutor(1)  # one score at a time is in memory, however many are asked for

    def receive(self, message: FeedMessage) -> None:
        """Take note of what the daemon plays and plans."""
        self._present.receive(message)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """GET /api/score.musicxml: a piece by its number, or of the present one the bars from ?bar=, or all."""
        if "piece" in request.query:
            written = partial(_of_favourite, await self._favourite(_number(request, "piece", 1)))
        else:
            written = partial(self._present.known.write, _number(request, "bar", 0), _number(request, "bars", 0))
        name, data = await asyncio.get_running_loop().run_in_executor(self._thread, written)
        if not data:
            raise Refused(["there are no such bars yet"], 404)
        headers = download("application/vnd.recordare.musicxml+xml", f"{name}.musicxml")
        return await send(request, headers, len(data), pieces(data))

    async def _favourite(self, number: int) -> str:
        found: str = await self._link.ask("favourite", {"number": number})
        return found


def _number(request: web.Request, name: str, least: int) -> int:
    """Return a whole number of the query, `least` if it is absent. Raises Refused."""
    text = request.query.get(name, str(least))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= least):
        raise Refused([f"{name}: {text[:20]!r} is not a whole number from {least}"], 400)
    return int(text)


def _of_favourite(text: str) -> tuple[str, bytes]:
    """Return the name and the content of a file."""
    kept = favourite.parse(text)
    creator = f"bachd, model {kept.model}"
    title = f"After {titles.full(kept.title)}"
    return stem_of(kept.title), musicxml.write(score(kept.steps, kept.bpm), title, creator=creator)
