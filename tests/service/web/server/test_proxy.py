"""The page behind a reverse proxy that passes Host, at its top and below another address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from urllib.parse import urljoin

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, DummyCookieJar, WSMsgType, web

from tests.service.web.conftest import PATIENCE, Running

NAME = "music.example"
_SELF = {
    "Connection",
    "Upgrade",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Extensions",
    "Transfer-Encoding",
}


@asynccontextmanager
async def proxied(running: Running, below: str, host: str) -> AsyncIterator[str]:
    """The address of a proxy that serves the page below a path, under the name `host`, as nginx does."""
    address = f"http://{running.host}:{running.port}"

    async def forward(request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.title() not in _SELF} | {"Host": host}
        target = address + "/" + request.raw_path.removeprefix(below)
        async with ClientSession(cookie_jar=DummyCookieJar(), auto_decompress=False) as session:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                async with session.ws_connect(target, headers=headers) as upstream:
                    socket = web.WebSocketResponse()
                    await socket.prepare(request)
                    pumping = asyncio.create_task(pump(upstream, socket))
                    async for _ in socket:
                        pass
                    pumping.cancel()
                    return socket
            async with session.request(
                request.method, target, headers=headers, data=await request.read(), allow_redirects=False
            ) as answer:
                kept = {name: value for name, value in answer.headers.items() if name not in _SELF}
                return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async def pump(upstream: ClientWebSocketResponse, socket: web.WebSocketResponse) -> None:
        async for message in upstream:
            if message.type == WSMsgType.TEXT:
                try:
                    await socket.send_str(message.data)
                except ConnectionError:
                    return

    app = web.Application()
    app.router.add_route("*", below + "{path:.*}", forward)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{below}"
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def named(run: Callable[..., Running]) -> Running:
    """A page on loopback that knows the proxy's name."""
    return run(web=f"hosts: [{NAME.upper()}]")


@pytest.fixture(scope="module")
def locked(run: Callable[..., Running]) -> Running:
    """A page on loopback that asks for the token."""
    return run(web=f"hosts: [{NAME}], token: required")


@pytest.mark.parametrize("below", ["/", "/bach/"])
@pytest.mark.parametrize(("host", "origin"), [(NAME, f"https://{NAME}"), (NAME, f"https://{NAME}:8443")])
def test_a_proxy_that_passes_host_reaches_the_page(named: Running, below: str, host: str, origin: str) -> None:
    async def use() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            proxied(named, below, host) as address,
            ClientSession(headers={"Origin": origin}) as session,
        ):
            for path in ("", "main.js", "health", "api/settings"):
                async with session.get(urljoin(address, path)) as answer:
                    assert answer.status == 200, path
            async with session.post(urljoin(address, "api/play")) as answer:
                assert answer.status == 200
            async with session.ws_connect(urljoin(address, "api/feed")) as feed:
                assert (await feed.receive_json())["type"] == "hello"
            async with session.post(
                urljoin(address, "api/pause"), headers={"Origin": "https://evil.example"}
            ) as answer:
                assert answer.status == 403

    asyncio.run(use())


def test_other_names_are_refused_and_the_key_is_named(named: Running) -> None:
    answer = named.ask("/", Host="evil.example")
    assert answer.status == 403
    assert "web.hosts" in answer.json["faults"][0]
    assert named.ask("/api/pause", b"", Host=NAME, Origin=f"http://{NAME}.evil.example").status == 403
    assert named.ask("/api/pause", b"", Host=NAME, Origin=f"ftp://{NAME}").status == 403


@pytest.mark.parametrize("below", ["/", "/bach/"])
def test_logging_in_works_below_another_address(locked: Running, below: str) -> None:
    async def use() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            proxied(locked, below, NAME) as address,
            ClientSession(cookie_jar=CookieJar(unsafe=True)) as session,
        ):
            login = urljoin(address, "login")
            async with session.get(login) as answer:
                page = await answer.text()
            for reference in ("login.css", "login.js"):
                assert f'="{reference}"' in page
                async with session.get(urljoin(login, reference)) as answer:
                    assert answer.status == 200
            assert 'action="login"' in page
            async with session.post(login, data={"token": locked.token}, allow_redirects=False) as answer:
                assert answer.status == 303
                assert urljoin(login, answer.headers["Location"]) == address
                (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
                assert cookie["path"] == ""  # so a browser takes the folder of the login page
            for path in ("", "api/settings"):
                async with session.get(urljoin(address, path)) as answer:
                    assert answer.status == 200
            async with ClientSession() as stranger, stranger.get(urljoin(address, "api/settings")) as answer:
                assert answer.status == 401

    asyncio.run(use())
