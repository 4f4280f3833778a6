"""Read what clients send, and send them what is long.

Law: a body never takes more memory than it may have bytes, and a client that is slow holds nothing up: it is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Final

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import PayloadEncodingError

PATIENCE: Final = 10.0
"""Seconds for the whole body of a request, and for each piece of a long answer."""
_PIECE: Final = 1 << 16

BROKEN: Final = (ValueError, LookupError, AssertionError, RuntimeError, HttpProcessingError, PayloadEncodingError)
"""What aiohttp raises for a form that is none, or a broken one."""
GONE: Final = (ConnectionError, web.RequestPayloadError, TimeoutError)
"""What is raised when a client is gone, or as good as gone."""


async def read_body(request: web.Request, most: int) -> bytes:
    """Return the body of a request. Raises HTTPRequestEntityTooLarge as soon as it has more than `most` bytes."""
    refuse_encoded(request)
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(most, request.content_length or 0)
    data = bytearray()
    async with asyncio.timeout(PATIENCE):
        while chunk := await request.content.readany():
            data += chunk
            if len(data) > most:
                raise web.HTTPRequestEntityTooLarge(most, len(data))
    return bytes(data)


def refuse_encoded(request: web.Request) -> None:
    """Raise HTTPUnsupportedMediaType for a compressed body: a few bytes of it could become gigabytes."""
    if any(coding.strip().lower() not in ("", "identity") for coding in request.headers.getall("Content-Encoding", [])):
        raise web.HTTPUnsupportedMediaType(text="a compressed body is not read; send it as it is")


async def send(
    request: web.Request, headers: Mapping[str, str], length: int, chunks: AsyncGenerator[bytes, None]
) -> web.StreamResponse:
    """Answer with `chunks`, each when the client has taken the one before. Raises one of GONE if it takes none.

    What goes wrong after the beginning ends the connection: the answer can no longer be another.
    """
    response = web.StreamResponse(headers=headers)
    response.content_length = length
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                if not response.prepared:  # not before there is something to send: until then, it can be refused
                    await response.prepare(request)
                async with asyncio.timeout(PATIENCE):
                    await response.write(chunk)
        async with asyncio.timeout(PATIENCE):
            await response.write_eof()
    except BaseException:
        if response.prepared and request.transport is not None:
            request.transport.abort()
        raise
    return response


async def pieces(data: bytes) -> AsyncGenerator[bytes, None]:
    """Data in pieces, each small enough for a slow client to take in time."""
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]


class Turns:
    """Lets one at a time do work that takes much time or memory; few may wait for it."""

    def __init__(self, waiting: int) -> None:
        """waiting: how many may wait while one works."""
        self._lock = asyncio.Lock()
        self._most = waiting + 1
        self._present = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises HTTPServiceUnavailable if too many wait already."""
        if self._present >= self._most:
            raise web.HTTPServiceUnavailable(text="too much is being asked for at once; try again in a while")
        self._present += 1
        try:
            async with self._lock:
                yield
        finally:
            self._present -= 1
