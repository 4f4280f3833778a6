"""Send and receive music as files: pieces to start from, uploads, and what was played.

Law: an upload is read by the reader of seed pieces before it is kept, and kept under a name made here. What takes much
time or memory is done by one thread, one after another, and few may wait for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final, TypeVar

from aiohttp import BodyPartReader, web

from bachd.errors import BachdError
from bachd.midi.speaker import fluidsynth
from bachd.music import midifile, smf
from bachd.music.piece import Piece
from bachd.neural.bundle.bundle import Bundle
from bachd.service.web.server.bodies import BROKEN, PATIENCE, Turns, pieces, read_body, refuse_encoded, send
from bachd.service.web.server.daemon_link import Refused
from bachd.service.web.server.music_files import wav
from bachd.service.web.server.music_files.recording import Recording, seconds, write_midi

LARGEST: Final = 256 * 1024
"""Bytes of an uploaded .mid file."""
MOST_NOTES: Final = 8_000
"""Notes of an uploaded piece: half an hour of piano, and 40 MB at most while it is read."""
MOST_EVENTS: Final = 2_000
"""Events of a piece that are shown; the page shows eight bars and plays twenty seconds."""
MOST_SEEDS: Final = 100
FRESH: Final = 10.0
"""Seconds for which the .mid of what was played is given to others who ask for as much of it."""
MOST_BARS: Final = 100_000
LONGEST_SOUND: Final = 512
"""Bars in a .wav."""
LONGEST_DOWNLOAD: Final = 1800.0
"""Seconds that a client may take for a .wav, of which only one is made at a time."""
LONGEST_NAME: Final = 40

_ODD: Final = re.compile(r"[^\w-]+")
"""What an uploaded file's name loses: all but letters and digits of any script, '_' and '-'."""

T = TypeVar("T")


class MusicFiles:
    """The files."""

    def __init__(self, recording: Recording, seeds: Path, model: Callable[[], str]) -> None:
        """seeds: where uploads are kept. model: the name of the bundle that plays."""
        self._recording = recording
        self._seeds = seeds
        self._model = model
        self._bundle: tuple[str, Bundle] | None = None
        self._shown: tuple[str, bytes] = ("", b"")  # the last upload that was asked for: its path, and its JSON
        self._made: tuple[int | None, float, bytes] = (0, 0.0, b"")  # the last .mid: its bars, and when it was made
        self._thread = ThreadPoolExecutor(1, "files")
        self._work = Turns(waiting=8)
        self._sound = Turns(waiting=0)

    async def _done(self, request: web.Request, work: Callable[[], T]) -> T:
        """Return what `work` returns, in its turn. Raises ConnectionError if the client has gone meanwhile."""
        async with self._work.turn():
            if request.transport is None:
                raise ConnectionResetError
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def piece(self, request: web.Request) -> web.StreamResponse:
        """GET /api/pieces/NAME: a seed piece of the bundle, or one that was uploaded."""
        data = await self._done(request, partial(self._piece, request.match_info["name"]))
        return await send(request, {"Content-Type": "application/json; charset=utf-8"}, len(data), pieces(data))

    def _piece(self, name: str) -> bytes:
        """Return a piece as JSON. Raises Refused."""
        try:
            uploaded = next((path for path in self._seeds.glob("*.mid") if name in (path.name, str(path))), None)
            if uploaded is None:
                return json.dumps(_as_json(self._seed(name))).encode()
            if self._shown[0] != uploaded.name:
                piece = _read(uploaded.read_bytes(), uploaded.stem)
                self._shown = (uploaded.name, json.dumps(_as_json(piece)).encode())
            return self._shown[1]
        except (BachdError, OSError) as fault:
            raise Refused([str(fault)]) from None

    def _seed(self, name: str) -> Piece:
        """Return a seed piece of the bundle. Raises Refused, ModelError or SeedError."""
        model = self._model()
        if self._bundle is None or self._bundle[0] != model:
            self._bundle = (model, Bundle.open(model))
        bundle = self._bundle[1]
        if name not in bundle.seed_names:
            raise Refused([f"no piece {name[:80]!r} in model {bundle.card.name!r}"], 404)
        return bundle.seed(name)

    async def take_seed(self, request: web.Request) -> web.Response:
        """POST /api/seeds: a .mid file, bare or in a form."""
        name, data = await _uploaded(request)
        path = await self._done(request, partial(self._keep, name, data))
        return web.json_response({"piece": str(path)})

    def _keep(self, name: str, data: bytes) -> Path:
        stem = stem_of(name)
        try:
            _read(data, Path(name).name[:80] or f"{stem}.mid")  # whatever else it is, it is called so
            self._seeds.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._seeds / f"{stem}-{hashlib.sha256(data).hexdigest()[:8]}.mid"
            if not path.exists() and len(list(self._seeds.glob("*.mid"))) >= MOST_SEEDS:
                raise Refused([f"{self._seeds} holds {MOST_SEEDS} pieces already; take some out"], 409)
            path.write_bytes(data)
        except (BachdError, OSError) as fault:
            raise Refused([str(fault)]) from None
        return path

    async def as_mid(self, request: web.Request) -> web.StreamResponse:
        """GET /api/music.mid: the last bars, or all."""
        data = await self._done(request, partial(self._midi, _bars(request, MOST_BARS, None)))
        if not data:
            raise Refused(["nothing has been kept yet"], 404)
        return await send(request, download("audio/midi", f"{self._title}.mid"), len(data), pieces(data))

    @property
    def _title(self) -> str:
        """What a download is called: after the piece that was played last."""
        return f"bachd-{stem_of(self._recording.piece)}" if self._recording.piece else "bachd"

    def _midi(self, bars: int | None) -> bytes:
        """Return a .mid of so many bars, which may be some seconds old."""
        if self._made[0] != bars or monotonic() - self._made[1] > FRESH:
            data = write_midi(self._recording.steps(bars))
            self._made = (bars, monotonic(), data)
        return self._made[2]

    async def as_wav(self, request: web.Request) -> web.StreamResponse:
        """GET /api/music.wav: the last bars, as fluidsynth plays them, sent while it does."""
        bars = _bars(request, LONGEST_SOUND, 64)
        async with self._sound.turn(), asyncio.timeout(LONGEST_DOWNLOAD):
            try:
                fluidsynth.find()
                with TemporaryDirectory(prefix="bachd-") as folder:
                    midi = Path(folder, "kept.mid")
                    size = await self._done(request, partial(self._write, midi, bars))
                    return await send(request, download("audio/wav", f"{self._title}.wav"), size, wav.play(midi, size))
            except BachdError as fault:
                raise Refused([str(fault)], 501) from None

    def _write(self, path: Path, bars: int | None) -> int:
        """Write a .mid of so many bars; returns the size of its .wav. Raises Refused if there are none."""
        path.write_bytes(data := write_midi(self._recording.steps(bars), wav.program_of(self._model())))
        if not data:
            raise Refused(["nothing has been kept yet"], 404)
        return wav.length(seconds(self._recording.steps(bars)))


def _read(data: bytes, name: str) -> Piece:
    """Return the piece in a .mid. Raises SeedError, or Refused for one with too many notes."""
    try:
        notes = sum(
            timed.message.type == "note_on" and timed.message.velocity > 0 for timed in smf.parse(data).messages
        )
    except ValueError:
        notes = 0  # the reader says what is wrong
    if notes > MOST_NOTES:
        raise Refused(
            [f"{name}: has {notes} notes; at most {MOST_NOTES} are read here, and a seed needs a few bars"], 413
        )
    return midifile.read(data, name)


def stem_of(name: str) -> str:
    """Return what a file of this name is called here. Raises Refused for a name that means a folder."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    if last.strip() in (".", ".."):
        raise Refused([f"{last.strip()!r} is the name of a folder; give the file another"], 400)
    stem = _ODD.sub("-", Path(last).stem).strip("-")[:LONGEST_NAME]
    # A name has at most 255 bytes on the file systems of Linux, and 17 of them are the checksum's and the suffix's.
    return stem.encode("utf-8", "ignore")[:200].decode("utf-8", "ignore") or "seed"


def _as_json(piece: Piece) -> dict[str, Any]:
    """Return a piece's first events, with their places."""
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
            for event, place in islice(piece.placed(), MOST_EVENTS)
        ],
    }


async def _uploaded(request: web.Request) -> tuple[str, bytes]:
    """Name and content of a file. Raises Refused for one that is too large or none at all."""
    if request.content_type == "multipart/form-data":
        refuse_encoded(request)
        try:
            async with asyncio.timeout(PATIENCE):
                name, data = await _first_file(request)
        except BROKEN:
            raise Refused(["this is not a form with a file in it"], 400) from None
    else:
        name, data = request.query.get("name", ""), await read_body(request, LARGEST)
    if not data or len(data) > LARGEST:
        raise Refused([f"a .mid file of at most {LARGEST // 1024} KiB, please"], 413 if data else 400)
    return name, data


async def _first_file(request: web.Request) -> tuple[str, bytes]:
    """Name and content of the first file in a form, of a large one the beginning; empty if there is none."""
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename:
            data = b""
            while len(data) <= LARGEST and (chunk := await part.read_chunk()):
                data += chunk
            return part.filename, data
    return "", b""


def _bars(request: web.Request, most: int, default: int | None) -> int | None:
    """Return the number in `?bars=`; `all` and nothing are the default."""
    text = request.query.get("bars", "all")
    if text == "all":
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 7 and 1 <= int(text) <= most):
        raise Refused([f"bars: {text[:20]!r} is not a whole number from 1 to {most}"], 400)
    return int(text)


def download(kind: str, name: str) -> dict[str, str]:
    """The headers of a file that is saved, not shown."""
    return {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
