"""The feed among clients that do not behave."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, web

from bachd.service.web.server.feed import BEHIND, Feed
from tests.service.web.conftest import PATIENCE
from tests.service.web.fuzz import UPGRADE

LINE = '{"type": "x", "y": "' + "z" * 50_000 + '"}'


class Watched:
    """Is told how many look."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.changed = asyncio.Event()
        self.played: list[tuple[int, list[int]]] = []

    def play(self, client: int, data: Sequence[int]) -> None:
        """Note what is played in a browser."""
        self.played.append((client, list(data)))
        self.changed.set()

    async def until_played(self, most: int) -> None:
        """Wait until so many messages were played."""
        while len(self.played) < most:
            self.changed.clear()
            await self.changed.wait()

    def __call__(self, clients: int) -> None:
        self.numbers.append(clients)
        self.changed.set()


def served(work: Callable[[Feed, int, Watched], Awaitable[None]]) -> None:
    """Do `work` with a feed, the port it is served at, and the numbers of clients as the daemon is told them."""

    async def serving() -> None:
        watched = Watched()
        feed = Feed(watched, watched.play)
        app = web.Application()
        app.add_routes([web.get("/api/feed", feed.serve)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        try:
            async with asyncio.timeout(PATIENCE):
                await work(feed, port, watched)
        finally:
            await runner.cleanup()

    asyncio.run(serving())


def test_who_does_not_read_is_let_go_and_the_others_miss_nothing() -> None:
    async def work(feed: Feed, port: int, watched: Watched) -> None:
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(UPGRADE)
            await watched.changed.wait()
            async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/api/feed") as good:
                assert (await good.receive_json())["type"] == "hello"
                sent = 0
                while feed.clients == 2:
                    feed.receive({"type": "going"}, LINE)
                    sent += 1
                    assert (await good.receive_json())["type"] == "x"
                    # What the system takes for a socket, and what may wait for a client: not more.
                    assert sent < BEHIND + 1000
                assert sent > BEHIND
                assert feed.clients == 1
            assert watched.numbers[:3] == [1, 2, 1]

    served(work)


def test_all_that_is_known_is_said_first() -> None:
    messages: list[Any] = [{"type": "step", "step": {"n": number}} for number in range(99)]
    messages += [
        {"type": "plan", "steps": [{"n": 99}, {"n": 100}]},
        {"type": "step", "step": {"n": 99}},
        {"type": "status", "status": {"piece": "x"}},
        {"type": "settings", "settings": {"unsaved": True}},
    ]

    async def work(feed: Feed, port: int, _: Watched) -> None:
        for message in messages:
            feed.receive(message, "")
        async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/api/feed") as client:
            hello = await client.receive_json()
        assert [step["n"] for step in hello["past"]] == list(range(60, 100))
        assert hello["plan"] == [{"n": 100}]
        assert hello["status"] == {"piece": "x"}
        assert hello["settings"] == {"unsaved": True}

    served(work)


def test_what_is_played_in_a_browser_is_passed_on_and_its_end_when_that_is_gone() -> None:
    async def work(_: Feed, port: int, watched: Watched) -> None:
        async with ClientSession() as session:
            for number, last in ((1, [0x80, 60, 0]), (2, [0xB0, 64, 127])):
                async with session.ws_connect(f"http://127.0.0.1:{port}/api/feed") as socket:
                    await socket.send_json({"type": "play", "data": [0x90, 60, 100]})
                    await socket.send_json({"type": "play", "data": last})
                    await watched.until_played(3 * number - 1)
                await watched.until_played(3 * number)
        assert watched.played == [
            *[(1, [0x90, 60, 100]), (1, [0x80, 60, 0]), (1, [])],
            *[(2, [0x90, 60, 100]), (2, [0xB0, 64, 127]), (2, [])],
        ]

    served(work)


@pytest.mark.parametrize(
    "data",
    [
        *(None, [], "903c40", [0x90, 60], [0x90, 60, 128], [0x90, -1, 1], [0x90, 60, True], [0xF8], [0xF0, 1, 2]),
        *([8, 1, 1], [144, 60.0, 1], [[144], 60, 1], [144, 60, 1, 1]),
    ],
)
def test_what_is_no_message_of_a_keyboard_is_not_played(data: object) -> None:
    async def work(_: Feed, port: int, watched: Watched) -> None:
        async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/api/feed") as socket:
            await socket.receive()
            await socket.send_json({"type": "play", "data": data})
            assert (await socket.receive()).type == WSMsgType.CLOSE
        assert watched.played == []

    served(work)


def test_who_plays_faster_than_anybody_can_is_let_go() -> None:
    async def work(_: Feed, port: int, watched: Watched) -> None:
        async with ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/api/feed") as socket:
            await socket.receive()
            for _number in range(1000):
                await socket.send_json({"type": "play", "data": [0x90, 60, 100]})
            assert (await socket.receive()).type == WSMsgType.CLOSE
        while watched.played[-1] != (1, []):
            await watched.until_played(len(watched.played) + 1)
        assert len(watched.played) <= 2 * 300 + 1

    served(work)
