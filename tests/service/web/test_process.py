"""The daemon's end of the page: what is told, and what happens to a process that does not serve well."""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bachd.errors import StatusError
from bachd.music.dynamics import velocities
from bachd.service import state_dir
from bachd.service.web import listen_socket
from bachd.service.web.process import Page
from bachd.service.web.step_json import described
from tests.fakes import steps


def test_a_step_says_all_that_a_picture_needs() -> None:
    (_, step) = steps("C3.E4.G4 ~C3.F4:0.5")
    assert described(step, 7, 24, 1.5, 84.0, (1, 2)) == {
        "n": 7,
        "tick": 24,
        "due": 1.5,
        "ticks": 12,
        "starts": [[65, velocities(step.event, step.place)[65], 1]],
        "held": (48,),
        "text": "~C3.F4:0.5",
        "bar": 0,
        "phase": 24,
        "metre": [4, 4],
        "origin": "model",
        "piece": "a piece",
        "opens": False,
        "bpm": 84.0,
    }


def test_a_process_that_cannot_serve_is_not_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))

    async def serve() -> None:
        with ThreadPoolExecutor(1) as thread:
            served = Page(None, None, thread)  # type: ignore[arg-type]
            await served._serve(("127.0.0.1", 0))
            assert served.link is None

    asyncio.run(serve())
    assert any(line.startswith("the page ended 5 times in a row") for line in caplog.messages)


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
