"""The daemon's end of the page: what happens to a process that does not serve well, and who may ask."""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from bachd.config_web import Web
from bachd.errors import StatusError
from bachd.service import state_dir
from bachd.service.web import listen_socket
from bachd.service.web.page_log import PageLog
from bachd.service.web.process import Page


class Wheel:
    """Has no settings to send."""

    running = True

    async def handle(self, command: str, payload: object) -> dict[str, object]:
        return {}


def test_a_process_that_ends_is_started_again_for_ever_and_ever_more_patiently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        """Does not wait; ends the test after so many times."""
        waits.append(seconds)
        if len(waits) == 12:
            raise asyncio.CancelledError

    async def serve() -> None:
        with ThreadPoolExecutor(1) as thread:
            page = Page(Wheel(), None, thread)  # type: ignore[arg-type]
            page.move(Web(("127.0.0.1", 0)))
            monkeypatch.setattr("bachd.service.web.process.asyncio.sleep", sleep)
            with suppress(asyncio.CancelledError):
                await page._serve("127.0.0.1", 0)
            assert page.link is None

    asyncio.run(serve())
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    lines = [line for line in caplog.messages if line.startswith("the page ended (its process has ended, exit code 1)")]
    assert len(lines) == 8  # and then the log has had enough of it


def test_a_process_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    async def serve() -> str:
        with ThreadPoolExecutor(1) as thread, socket.create_server(("127.0.0.1", 0)) as listener:
            page = Page(Wheel(), None, thread)  # type: ignore[arg-type]
            monkeypatch.setattr("sys.executable", str(tmp_path / "none"))
            return await page._live(listener, {"type": "open", "token": None, "hosts": [], "home": "", "run": ""})

    assert "No such file" in asyncio.run(serve())
    assert caplog.messages == []


def test_the_log_is_not_filled_by_the_page(caplog: pytest.LogCaptureFixture) -> None:
    lines = PageLog()
    for number in range(100):
        lines.add(f"bug {number}")
    assert caplog.messages == [f"the page: bug {number}" for number in range(6)]


def test_the_socket_that_systemd_hands_over_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        monkeypatch.setattr(listen_socket, "FIRST", given.fileno())
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        found = listen_socket.inherited()
        assert found is not None
        with found:
            assert found.getsockname() == given.getsockname()
        monkeypatch.setenv("LISTEN_PID", "1")
        assert listen_socket.inherited() is None


def test_a_token_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    home = tmp_path / "state"
    made = state_dir.token(home)
    assert state_dir.token(home) == made
    (home / "token").chmod(0o644)
    assert state_dir.token(home) == made
    assert (home / "token").stat().st_mode & 0o777 == 0o600
    (home / "token").write_text("short")
    assert state_dir.token(home) not in ("short", made)
    assert [path.name for path in home.iterdir()] == ["token"]


def test_a_token_that_cannot_be_kept_is_a_fault_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(StatusError, match="needs a token") as told:
        state_dir.token(tmp_path / "state")
    assert "\n" not in str(told.value)


def test_where_things_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/bachd:/var/lib/more")
    assert state_dir.folder() == Path("/var/lib/bachd")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/me/.state")
    assert state_dir.folder() == Path("/home/me/.state/bachd")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert state_dir.folder() == Path("/home/me/.local/state/bachd")
