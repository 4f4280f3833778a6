"""Serve the page's files out of memory.

Law: only what was found in the folder at the start is ever given out, so no path leads anywhere else.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from aiohttp import web

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".yaml": "application/yaml",
}
"""What browsers are told a file is; others are not given out."""
_SMALL: Final = 600
"""Bytes below which nothing is gained by compressing."""

_LARGE: Final = 100_000
"""Bytes from which on compressing takes a while."""


@dataclass(frozen=True)
class _File:
    """A file, and its compressed form once a client accepts it."""

    data: bytes
    kind: str

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.data).hexdigest()[:20]}"'

    @cached_property
    def packed(self) -> bytes | None:
        if len(self.data) < _SMALL or not self.kind.startswith(("text/", "application/", "image/svg")):
            return None
        return gzip.compress(self.data, 9, mtime=0)


async def _packed(file: _File) -> bytes | None:
    """Compress a file; a large one in a thread, since the music is announced meanwhile."""
    if len(file.data) < _LARGE:
        return file.packed
    return await asyncio.get_running_loop().run_in_executor(None, lambda: file.packed)


class Static:
    """A folder's files by the paths that a browser asks for."""

    def __init__(self, folder: Path) -> None:
        """Reads them all: two megabytes."""
        self._files = {
            f"/{path.relative_to(folder).as_posix()}": _File(path.read_bytes(), TYPES[path.suffix])
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in TYPES
        }
        if "/index.html" in self._files:
            self._files["/"] = self._files["/index.html"]

    async def serve(self, request: web.Request) -> web.Response:
        """Send the file at the request's path, or 304 if the browser has it. Raises HTTPNotFound."""
        file = self._files.get(request.path)
        if file is None:
            raise web.HTTPNotFound(text="there is nothing at this address")
        headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if file.etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        body = await _packed(file) if "gzip" in request.headers.get("Accept-Encoding", "") else None
        if body is not None:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body or file.data, headers={**headers, "Content-Type": file.kind})
