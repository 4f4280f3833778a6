"""Music that comes and goes as files: pieces to start from, uploads, and what was played.

Law: whatever is uploaded is read by the reader of seed pieces before it is kept, and kept under a name made here.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiohttp import BodyPartReader, web

from bachd.errors import BachdError
from bachd.music import midifile
from bachd.music.piece import Piece
from bachd.neural.bundle import Bundle
from bachd.service import render
from bachd.service.web.server.auth import BROKEN
from bachd.service.web.server.daemon_link import Refused
from bachd.service.web.server.recording import Journal, score

LARGEST: Final = 256 * 1024
"""Bytes of an uploaded .mid file."""
MOST_SEEDS: Final = 100
MOST_BARS: Final = 100_000
_LONGEST_STEM: Final = 200
"""Bytes; file systems take 255, and a checksum is added."""
LONGEST_SOUND: Final = 512
"""Bars in a .wav: some twenty minutes, 200 MB."""

_ODD: Final = re.compile(r"[^\w-]+")
"""What an uploaded file's name loses: all but letters and digits of any script, '_' and '-'."""


class Music:
    """The files."""

    def __init__(self, journal: Journal, seeds: Path, model: Callable[[], str]) -> None:
        """seeds: where uploads are kept. model: the name of the bundle that plays."""
        self._journal = journal
        self._seeds = seeds
        self._model = model
        self._rendering = asyncio.Lock()

    async def piece(self, request: web.Request) -> web.Response:
        """GET /api/pieces/NAME: a seed piece of the bundle, or one that was uploaded."""
        piece = await asyncio.to_thread(self._find, request.match_info["name"])
        return web.json_response(_told(piece))

    def _find(self, name: str) -> Piece:
        try:
            uploaded = next((path for path in self._seeds.glob("*.mid") if name in (path.name, str(path))), None)
            if uploaded is not None:
                return midifile.read(uploaded.read_bytes(), uploaded.stem)
            bundle = Bundle.open(self._model())
            if name not in bundle.seed_names:
                raise Refused([f"no piece {name[:80]!r} in model {bundle.card.name!r}"], 404)
            return bundle.seed(name)
        except (BachdError, OSError) as fault:
            raise Refused([str(fault)]) from None

    async def take_seed(self, request: web.Request) -> web.Response:
        """POST /api/seeds: a .mid file, bare or in a form."""
        name, data = await _uploaded(request)
        path = await asyncio.to_thread(self._keep, name, data)
        return web.json_response({"piece": str(path)})

    def _keep(self, name: str, data: bytes) -> Path:
        stem = _stem(name)
        try:
            midifile.read(data, f"{stem}.mid")
            self._seeds.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._seeds / f"{stem}-{hashlib.sha256(data).hexdigest()[:8]}.mid"
            if not path.exists() and len(list(self._seeds.glob("*.mid"))) >= MOST_SEEDS:
                raise Refused([f"{self._seeds} holds {MOST_SEEDS} pieces already; take some out"], 409)
            path.write_bytes(data)
        except (BachdError, OSError) as fault:
            raise Refused([str(fault)]) from None
        return path

    async def as_mid(self, request: web.Request) -> web.Response:
        """GET /api/music.mid: the last bars, or all."""
        data = await asyncio.to_thread(lambda: score(self._journal.steps(_bars(request, MOST_BARS, None))))
        if not data:
            raise Refused(["nothing has been kept yet"], 404)
        return web.Response(body=data, headers=_download("audio/midi", "bachd.mid"))

    async def as_wav(self, request: web.Request) -> web.Response:
        """GET /api/music.wav: the last bars, as fluidsynth plays them."""
        bars = _bars(request, LONGEST_SOUND, 64)
        if self._rendering.locked():
            raise Refused(["another .wav is being made; try again in a while"], 503)
        async with self._rendering:
            return web.Response(
                body=await asyncio.to_thread(self._sound, bars), headers=_download("audio/wav", "bachd.wav")
            )

    def _sound(self, bars: int | None) -> bytes:
        data = score(self._journal.steps(bars))
        if not data:
            raise Refused(["nothing has been kept yet"], 404)
        try:
            synth, font = render.find_synth()
            with TemporaryDirectory(prefix="bachd-") as folder:
                kept, sound = Path(folder, "kept.mid"), Path(folder, "sound.wav")
                kept.write_bytes(data)
                render.play(synth, font, kept, sound)
                return sound.read_bytes()
        except (BachdError, OSError) as fault:
            raise Refused([str(fault)], 501) from None


def _stem(name: str) -> str:
    """What a file that is uploaded as `name` is to be called here, without its ending; Unicode letters stay."""
    plain = unicodedata.normalize("NFC", Path(name.replace("\\", "/")).stem)
    stem = _ODD.sub("-", plain).strip("-")[:40]
    while len(stem.encode()) > _LONGEST_STEM:
        stem = stem[:-1]
    return stem or "seed"


def _told(piece: Piece) -> dict[str, Any]:
    """A piece as JSON: its events with their places."""
    return {
        "name": piece.name,
        "bpm": piece.bpm,
        "events": [
            {
                "ticks": event.ticks,
                "starts": event.starts,
                "held": event.held,
                "text": str(event),
                "bar": place.bar,
                "phase": place.phase,
                "metre": [place.metre.beats, place.metre.unit],
            }
            for event, place in piece.placed()
        ],
    }


async def _uploaded(request: web.Request) -> tuple[str, bytes]:
    """Name and content of a file. Raises Refused for one that is too large or none at all."""
    if request.content_type != "multipart/form-data":
        data = await request.read()
        name = request.query.get("name", "")
    else:
        name, data = "", b""
        try:
            async for part in await request.multipart():
                if isinstance(part, BodyPartReader) and part.filename:
                    name = part.filename
                    while len(data) <= LARGEST and (chunk := await part.read_chunk()):
                        data += chunk
                    break
        except BROKEN:
            raise Refused(["this is no form with a file in it"], 400) from None
    if not data or len(data) > LARGEST:
        raise Refused([f"a .mid file of at most {LARGEST // 1024} KiB, please"], 413 if data else 400)
    return name, data


def _bars(request: web.Request, most: int, default: int | None) -> int | None:
    """What `?bars=` says; `all` and nothing are the default."""
    text = request.query.get("bars", "all")
    if text == "all":
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 7 and 1 <= int(text) <= most):
        raise Refused([f"bars: {text[:20]!r} is no whole number from 1 to {most}"], 400)
    return int(text)


def _download(kind: str, name: str) -> dict[str, str]:
    return {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
