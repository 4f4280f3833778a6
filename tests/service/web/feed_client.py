"""A client of the feed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.service.web.conftest import PATIENCE, Running


def look(running: Running, work: Callable[[ClientWebSocketResponse], Coroutine[Any, Any, Any]]) -> Any:
    """What `work` returns with a connection to the feed."""

    async def looking() -> Any:
        address = f"http://{running.host}:{running.port}/api/feed"
        async with (
            asyncio.timeout(PATIENCE),
            ClientSession(headers=running.headers) as session,
            session.ws_connect(address) as feed,
        ):
            return await work(feed)

    return asyncio.run(looking())


async def until(feed: ClientWebSocketResponse, kind: str, count: int = 1) -> list[dict[str, Any]]:
    """The next messages of a kind."""
    found = []
    async for message in feed:
        if (told := json.loads(message.data))["type"] == kind:
            found.append(told)
            if len(found) == count:
                return found
    raise AssertionError(f"the feed ended after {found}")
