"""The service manager is told over real sockets, as systemd would listen."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachd.service.sd_notify import SystemdNotifier


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A service manager that waits for signs of life."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.setblocking(False)
        yield listening


@pytest.fixture
def notifier(manager: socket.socket) -> Iterator[SystemdNotifier]:
    notifier = SystemdNotifier.from_environment()
    yield notifier
    notifier.close()


def test_what_a_run_tells(manager: socket.socket, notifier: SystemdNotifier) -> None:
    assert notifier.is_connected
    notifier.ready("bwv269 at 84 bpm on FP-30X")
    notifier.alive()
    notifier.status("bwv24.6 at 84 bpm, waiting for FP-30X")
    notifier.stopping()
    assert [manager.recv(4096) for _ in range(4)] == [
        b"READY=1\nSTATUS=bwv269 at 84 bpm on FP-30X",
        b"WATCHDOG=1",
        b"STATUS=bwv24.6 at 84 bpm, waiting for FP-30X",
        b"STOPPING=1",
    ]


def test_reloading_says_since_when(manager: socket.socket, notifier: SystemdNotifier) -> None:
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    state, since = manager.recv(4096).decode().splitlines()
    assert state == "RELOADING=1"
    assert before <= int(since.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_a_status_is_one_short_line_of_utf_8(manager: socket.socket, notifier: SystemdNotifier) -> None:
    notifier.status("config refused:\nconfig.yaml:3: tempo: 1200 is not between 20 and 300\n")
    assert manager.recv(4096) == b"STATUS=config refused:; config.yaml:3: tempo: 1200 is not between 20 and 300"
    notifier.status("on caf\udce9\nREADY=1")
    assert manager.recv(4096) == rb"STATUS=on caf\udce9; READY=1"
    notifier.status("\N{MUSICAL SYMBOL G CLEF}" * 5000)
    assert 3000 < len(manager.recv(8192)) < 4096


def test_an_abstract_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"bachd-test-{os.getpid()}"
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        notifier = SystemdNotifier.from_environment()
        notifier.ready("plays")
        notifier.close()
        assert manager.recv(4096) == b"READY=1\nSTATUS=plays"


@pytest.mark.parametrize(
    ("name", "value"),
    [("WATCHDOG_USEC", None), ("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "soon"), ("WATCHDOG_PID", "1")],
)
def test_no_sign_of_life_that_nobody_waits_for(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    notifier = SystemdNotifier.from_environment()
    notifier.alive()
    notifier.status("plays")
    notifier.close()
    assert manager.recv(4096) == b"STATUS=plays"


@pytest.mark.parametrize("address", [None, "", "no-socket", "/nowhere/at/all"])
def test_where_nobody_listens_nothing_is_said(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notifier = SystemdNotifier.from_environment()
    assert notifier.is_connected == (address == "/nowhere/at/all")
    notifier.ready("plays")
    notifier.alive()
    notifier.close()
    notifier.status("plays no more")


def test_a_manager_that_does_not_read_does_not_stop_the_music(
    manager: socket.socket, notifier: SystemdNotifier
) -> None:
    for _ in range(10_000):
        notifier.status("x" * 800)
    notifier.stopping()
    assert manager.recv(4096).startswith(b"STATUS=x")
