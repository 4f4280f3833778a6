"""That the process that serves the page does not grow, whoever looks and asks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from tests.service.web.conftest import Running

PATHS = ("/", "/main.js", "/health", "/api/status", "/api/settings", "/metrics", "/api/music.mid", "/api/none", "//x")
REQUESTS = 1500
LOOKERS = 20
WAITING = 400
ALLOWED = 6e6
"""Bytes that may be kept of a second crowd like the first."""


def memory(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def crowd(running: Running) -> None:
    """Some who look, a quarter of which never read, and many who ask."""
    address = f"http://{running.host}:{running.port}"

    async def look(session: ClientSession, reads: bool) -> None:
        async with session.ws_connect(f"{address}/api/feed") as feed:
            while reads:
                await feed.receive()
            await asyncio.Event().wait()

    async def ask(session: ClientSession, first: int) -> None:
        for number in range(first, REQUESTS, LOOKERS):
            with suppress(ClientError):
                async with session.get(address + PATHS[number % len(PATHS)]) as answer:
                    await answer.read()

    async with ClientSession() as session:
        looking = [asyncio.create_task(look(session, number % 4 > 0)) for number in range(LOOKERS)]
        await asyncio.gather(*(ask(session, first) for first in range(LOOKERS)))
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)


def test_a_crowd_leaves_nothing_behind(bachd_run: Running) -> None:
    (process,) = bachd_run.pages()
    asyncio.run(crowd(bachd_run))
    before = memory(process)
    for _ in range(3):
        asyncio.run(crowd(bachd_run))
    assert bachd_run.pages() == [process]
    assert memory(process) - before < ALLOWED


def test_who_comes_behind_hundreds_that_wait_is_let_in(bachd_run: Running) -> None:
    if int(Path("/proc/sys/net/core/somaxconn").read_text()) < WAITING:
        pytest.skip("this system lets fewer connections wait")
    (process,) = bachd_run.pages()
    os.kill(process, signal.SIGSTOP)  # it accepts nobody now
    try:
        with ExitStack() as stack:
            for _ in range(WAITING):
                stack.enter_context(socket.create_connection((bachd_run.host, bachd_run.port), timeout=20))
    finally:
        os.kill(process, signal.SIGCONT)
    assert bachd_run.ask("/health").status == 200
