"""Who may see and steer, asked of real daemons: one for this machine, one for a network."""

from __future__ import annotations

import asyncio
import http.client
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from bachd.service.web.server.auth import Bucket
from tests.service.web.conftest import PATIENCE, Running


@pytest.fixture(scope="module")
def open_run(run: Callable[..., Running]) -> Running:
    """One that listens on all addresses of this machine."""
    running = run("0.0.0.0")
    running.host = "127.0.0.1"
    return running


def token(running: Running) -> str:
    return (running.folder / "state/token").read_text().strip()


def knock(running: Running, **headers: str) -> int:
    """The status of a WebSocket that is opened with these headers; 101 if it is opened."""

    async def knocking() -> int:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with asyncio.timeout(PATIENCE), ClientSession(headers=given) as session:
            try:
                async with session.ws_connect(f"http://{running.host}:{running.port}/api/feed"):
                    return 101
            except WSServerHandshakeError as refusal:
                return refusal.status

    return asyncio.run(knocking())


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "127.0.0.1:9", "LOCALHOST:99"])
def test_on_this_machine_its_own_names_are_answered(bachd_run: Running, name: str) -> None:
    assert bachd_run.ask("/health", Host=name).status in (200, 503)


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "a b", "", "@127.0.0.1"]
)
def test_a_name_that_was_bent_to_this_machine_is_refused(bachd_run: Running, name: str) -> None:
    assert bachd_run.ask("/", Host=name).status in (400, 403)
    assert knock(bachd_run, Host=name) in (400, 403)


def test_other_sites_are_refused(bachd_run: Running) -> None:
    ours = f"{bachd_run.host}:{bachd_run.port}"
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", f"ftp://{ours}", f"http://{ours}.evil.example"):
        assert knock(bachd_run, Origin=origin) == 403
        assert bachd_run.ask("/api/pause", b"", Origin=origin).status == 403
    assert knock(bachd_run, Origin=f"http://{ours}") == 101
    assert bachd_run.ask("/api/settings", Sec_Fetch_Site="cross-site").status == 403
    assert bachd_run.ask("/api/play", b"", Sec_Fetch_Site="same-site").status == 403
    assert bachd_run.ask("/", Sec_Fetch_Site="cross-site").status == 200  # a link that somebody follows


def test_without_the_token_there_is_only_a_page_to_log_in(open_run: Running) -> None:
    for path in ("/health", "/metrics", "/main.js", "/index.html", "/api/status", "/api/music.mid", "/openapi.yaml"):
        assert open_run.ask(path).status == 401
    for path in ("/api/play", "/api/seeds", "/api/settings/save"):
        assert open_run.ask(path, b"").status == 401
    assert open_run.ask("/api/settings", {"tempo": 99}, "PATCH").status == 401
    assert knock(open_run) == 401
    front = open_run.ask("/")
    assert front.status == 401
    assert b'name="token"' in front.body
    assert {open_run.ask(path).status for path in ("/login", "/login.js", "/login.css")} == {200}


def test_the_token_is_for_the_owners_eyes(open_run: Running) -> None:
    path = open_run.folder / "state/token"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(token(open_run)) >= 43
    told = subprocess.run(
        [sys.executable, "-m", "bachd", "status"], env=open_run.environment, capture_output=True, text=True, check=True
    )
    assert f"/login#{token(open_run)}" in told.stdout


def test_with_the_token_everything_is_open(open_run: Running) -> None:
    bearer = f"Bearer {token(open_run)}"
    assert open_run.ask("/api/settings", Authorization=bearer).status == 200
    assert knock(open_run, Authorization=bearer) == 101
    assert open_run.ask("/api/settings", Authorization="Bearer " + "x" * 43).status == 401
    assert open_run.ask("/api/settings", Authorization="Bearer \xff").status == 401


def test_logging_in_gives_a_cookie_that_scripts_and_other_sites_do_not_get(open_run: Running) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = open_run.ask("/login", f"token={token(open_run)}".encode(), **form)
    assert (answer.status, answer.headers["Location"]) == (303, "./")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert token(open_run) not in cookie
    brought = cookie.split(";")[0]
    assert open_run.ask("/", Cookie=brought).status == 200
    assert knock(open_run, Cookie=brought) == 101
    assert knock(open_run, Cookie=brought, Origin="http://evil.example") == 403
    assert open_run.ask("/", Cookie=brought[:-1]).status == 401
    link = f"token=http%3A//pi%3A8080/login%23{token(open_run)}%26stage%3Dscore".encode()
    assert open_run.ask("/login", link, **form).status == 303  # it is what people copy
    assert open_run.ask("/login", link.replace(b"%23", b"%23x"), **form).status == 401


def test_who_guesses_has_to_wait_and_who_knows_does_not(open_run: Running) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    guesses = [open_run.ask("/login", b"token=guess", **form).status for _ in range(9)]
    assert guesses[:2] == [401, 401]
    assert guesses[-1] == 429
    assert open_run.ask("/login", f"token={token(open_run)}".encode(), **form).status == 303
    for nonsense in (b"", b"token", b"token=%ff%00", b"\xff" * 99, b"token=a&token=b"):
        assert open_run.ask("/login", nonsense, **form).status in (400, 401, 429)
    bad = b'--x\r\nContent-Disposition: form-data; name="token"; filename="f"\r\n\r\nx\r\n--x--\r\n'
    assert open_run.ask("/login", bad, Content_Type="multipart/form-data; boundary=x").status in (400, 401, 429)


def test_a_page_for_this_machine_alone_can_ask_for_the_token_too(run: Callable[..., Running]) -> None:
    running = run(web="token: required")
    assert running.ask("/api/pause", b"").status == 401
    assert running.ask("/").status == 401
    assert running.ask("/health", Authorization=f"Bearer {running.token}").status in (200, 503)
    assert (running.folder / "state/token").stat().st_mode & 0o777 == 0o600
    told = subprocess.run(
        [sys.executable, "-m", "bachd", "status"], env=running.environment, capture_output=True, text=True, check=True
    )
    assert f"/login#{running.token}" in told.stdout
    assert running.token not in running.stop()


def test_many_who_never_finish_their_requests_do_not_keep_out_who_has_the_token(open_run: Running) -> None:
    """Nor those without it. Heads and bodies that never come to their ends, from one address."""
    bearer = {"Authorization": f"Bearer {open_run.token}"}
    kept = http.client.HTTPConnection(open_run.host, open_run.port, timeout=PATIENCE)
    kept.request("GET", "/health", headers=bearer)
    assert kept.getresponse().read()
    first = kept.sock
    begun = (
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\ntoken=",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ntoken=",
        b"POST /login HTTP/1.1\r\nHost:",
        b"",
    )
    with ExitStack() as stack:
        stack.callback(kept.close)
        for number in range(600):
            client = socket.create_connection((open_run.host, open_run.port), PATIENCE)
            stack.callback(client.close)
            client.sendall(begun[number % 4])
            if number % 100 == 99:
                assert open_run.ask("/health", **bearer).status in (200, 503)
                assert open_run.ask("/login").status == 200
                kept.request("GET", "/health", headers=bearer)  # or it would be closed for having been idle
                assert kept.getresponse().read()
        assert kept.sock is first  # it was not closed to make room


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_nothing_may_be_expected(bachd_run: Running, method: str) -> None:
    for expected in ("nonsense", "\xff\xfe", "100-continue, \xff"):
        for path in ("/", "/api/settings", "/nothing"):
            assert bachd_run.ask(path, method=method, Expect=expected).status == 417
    assert bachd_run.ask("/health", Expect="100-Continue").status in (200, 503)


def test_a_bucket_lets_so_many_through_and_then_so_many_a_second() -> None:
    bucket = Bucket(3, 2.0)
    assert [bucket.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.take("b", 0.0)
    assert [bucket.take("a", 0.5), bucket.take("a", 0.5)] == [True, False]
    assert [bucket.take("a", 99.0) for _ in range(4)] == [True, True, True, False]
