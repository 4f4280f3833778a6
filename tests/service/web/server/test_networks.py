"""Two machines on one network: bachd on one, somebody on the other. They are network namespaces, joined by a cable."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import pytest
import yaml

import bachd.page
import bachd.service.web.server
from tests.service.web import elsewhere
from tests.service.web.conftest import PATIENCE, Running

HERE, THERE = f"bachd-{os.getpid()}", f"other-{os.getpid()}"
ADDRESS = "10.213.77.1"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
OPEN = {"/login", "/login.js", "/login.css"}

Ask: TypeAlias = Callable[..., list[tuple[int, str]]]
"""Asks from the other machine: (method, path, headers), and so on; gives (status, body) for each."""


def ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no network namespaces here: ip {' '.join(arguments)}: {done.stderr.strip()}")


@pytest.fixture(scope="module")
def cable() -> Iterator[None]:
    """Two namespaces, each with an address."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and Debian's package iproute2")
    try:
        for name in (HERE, THERE):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "wire", "netns", HERE, "type", "veth", "peer", "name", "wire", "netns", THERE)
        for name, last in ((HERE, 1), (THERE, 2)):
            ip("-n", name, "address", "add", f"10.213.77.{last}/24", "dev", "wire")
            ip("-n", name, "link", "set", "wire", "up")
        yield
    finally:
        for name in (HERE, THERE):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


@pytest.fixture(scope="module")
def machine(cable: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The one where bachd plays, for all its network."""
    running = Running(tmp_path_factory.mktemp("machine"), "0.0.0.0", within=("ip", "netns", "exec", HERE))
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def ask(machine: Running) -> Ask:
    command = ["ip", "netns", "exec", THERE, sys.executable, str(elsewhere.__file__), ADDRESS, str(machine.port)]

    def asking(*questions: tuple[str, str, dict[str, str]]) -> list[tuple[int, str]]:
        done = subprocess.run(command, input=json.dumps(questions), stdout=subprocess.PIPE, text=True, check=True)
        return [(status, body) for status, body in json.loads(done.stdout)]

    return asking


@pytest.fixture(scope="module")
def bearer(machine: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {(machine.folder / 'state/token').read_text().strip()}"}


def operations() -> list[tuple[str, str]]:
    """Method and path of all that openapi.yaml describes, each {parameter} with a value that it may have."""
    told: dict[str, Any] = yaml.safe_load(
        (Path(str(bachd.service.web.server.__path__[0])) / "openapi.yaml").read_text()
    )
    values = {"what": "undo", "order": "play", "name": "bwv269"}
    return [(verb.upper(), path.format(**values)) for path, each in told["paths"].items() for verb in each]


def files() -> list[str]:
    """The paths of all files that are served."""
    page = Path(bachd.page.__path__[0])
    return ["/openapi.yaml", *(f"/{path.relative_to(page)}" for path in page.rglob("*") if path.is_file())]


def test_a_stranger_sees_a_login_page_and_nothing_else(ask: Ask) -> None:
    questions = [(verb, path, dict[str, str]()) for verb, path in operations()]
    questions += [("GET", path, {}) for path in (*files(), "/nothing", "/api/nothing", "//", "/login/../index.html")]
    questions += [("GET", "/api/feed", UPGRADE), ("OPTIONS", "/", {}), ("PUT", "/api/settings", {})]
    assert len(questions) > 50
    closed = [question for question in questions if question[1] not in OPEN]
    for (verb, path, _), (status, body) in zip(closed, ask(*closed), strict=True):
        assert status == 401, (verb, path, status)
        assert "log in first" in body
    front, *login = ask(("GET", "/", {}), *(("GET", path, {}) for path in sorted(OPEN)))
    assert front[0] == 401
    assert 'name="token"' in front[1] or "<!doctype html>" in front[1].lower()
    assert [status for status, _ in login] == [200, 200, 200]


def test_a_wrong_token_or_cookie_opens_nothing(ask: Ask) -> None:
    wrong = ({"Authorization": "Bearer " + "x" * 43}, {"Cookie": "bachd=x"}, {"Cookie": "bachd="}, {"X-Token": "x"})
    answers = ask(*(("GET", path, each) for each in wrong for path in ("/api/status", "/main.js")))
    assert {status for status, _ in answers} == {401}


def test_who_has_the_token_may_see_and_steer(ask: Ask, bearer: dict[str, str]) -> None:
    end = monotonic() + PATIENCE
    while ask(("GET", "/health", bearer))[0][0] == 503:  # in the first second nothing is known yet
        assert monotonic() < end
    seen = [
        path
        for verb, path in operations()
        if verb == "GET" and path not in ("/api/feed", "/api/music.wav", "/api/score.musicxml")
    ]
    questions = [("GET", path, bearer) for path in (*seen, *files(), "/")]
    for (_, path, _), (status, _) in zip(questions, ask(*questions), strict=True):
        assert status == 200, (path, status)
    feed, paused, played = ask(
        ("GET", "/api/feed", {**bearer, **UPGRADE}), ("POST", "/api/pause", bearer), ("POST", "/api/play", bearer)
    )
    assert feed[0] == 101
    assert json.loads(paused[1]) == {"playing": False}
    assert json.loads(played[1]) == {"playing": True}


def test_other_sites_are_refused_even_with_the_token(ask: Ask, bearer: dict[str, str], machine: Running) -> None:
    for origin in ("http://evil.example", "null", f"http://{ADDRESS}:{machine.port + 1}"):
        other = {**bearer, "Origin": origin}
        answers = ask(
            ("POST", "/api/pause", other), ("GET", "/api/feed", {**other, **UPGRADE}), ("GET", "/api/status", other)
        )
        assert [status for status, _ in answers] == [403, 403, 403], origin
    own = {**bearer, "Origin": f"http://{ADDRESS}:{machine.port}"}
    assert ask(("GET", "/api/feed", {**own, **UPGRADE}))[0][0] == 101


def test_a_name_that_was_bent_to_this_machine_gets_nothing(ask: Ask, machine: Running) -> None:
    """Which name this machine has on its network nobody knows, but a bent one has no cookie of ours."""
    bent = {"Host": f"evil.example:{machine.port}", "Origin": f"http://evil.example:{machine.port}"}
    answers = ask(("GET", "/api/status", bent), ("POST", "/api/pause", bent), ("GET", "/api/feed", {**bent, **UPGRADE}))
    assert [status for status, _ in answers] == [401, 401, 401]
    assert ask(("GET", "/api/status", {"Host": "a b"}))[0][0] in (400, 403)
