"""A daemon that answers, and those who ask: real sockets, in folders of their own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bachd.commands.cli import main
from bachd.errors import StatusError
from bachd.service.telemetry import status
from bachd.service.telemetry.snapshot import Snapshot
from bachd.service.telemetry.status import StatusServer, ask

SNAPSHOT: Snapshot = {
    "piece": "bwv269",
    "bar": 12,
    "tempo": 84.0,
    "condition": None,
    "rest": None,
    "output": "FP-30X MIDI 1",
    "model": "chorales",
    "device": "cpu",
    "lateness": {"count": 1200, "p50": 0.0001, "p99": 0.0002, "max": 0.0031},
    "spread": [[0.0001, 700], [0.0002, 499], [0.0032, 1]],
    "faults": [{"time": "2026-11-22T16:02:33", "what": "config.yaml:3: tempo: too fast\nconfig.yaml:4: bars: none"}],
    "faulted": 12,
    "composing": {"buckets": [[0.001, 70], [0.01, 77]], "count": 77, "sum": 0.05},
    "page": "http://127.0.0.1:8080/",
    "uptime_s": 93784.2,
    "events": 77,
    "version": "1.2.3",
    "pid": 4711,
}


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the daemon of these tests listens; nothing of this machine's own can be heard."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setattr(status, "SYSTEM", tmp_path / "system")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "run" / "status"


def served(path: Path, work: Callable[[], Any], snapshot: Snapshot = SNAPSHOT) -> Any:
    """What `work` returns in a thread while a daemon answers there."""

    async def serving() -> Any:
        server = StatusServer(path, lambda: snapshot)
        await server.start()
        try:
            return await asyncio.to_thread(work)
        finally:
            server.close()

    return asyncio.run(serving())


def test_whoever_asks_is_told_what_the_daemon_says(path: Path) -> None:
    assert served(path, lambda: [ask(), ask()]) == [{**SNAPSHOT, "restarts": None}] * 2
    assert not path.exists()


def test_only_the_user_and_the_group_may_ask(path: Path) -> None:
    mode = served(path, path.stat).st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o660


def test_the_service_is_asked_when_this_user_runs_none(path: Path) -> None:
    assert served(status.SYSTEM / "status", ask)["pid"] == 4711


def test_what_a_dead_daemon_left_is_replaced(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert served(path, ask)["piece"] == "bwv269"


def test_a_live_daemon_is_left_alone(path: Path) -> None:
    def second() -> None:
        with pytest.raises(StatusError, match="another bachd answers"):
            served(path, ask)

    def look() -> object:
        second()
        return ask()["pid"]

    assert served(path, look) == 4711


def test_a_folder_that_cannot_be_made_is_a_fault_of_one_line(path: Path) -> None:
    path.parent.write_text("")
    with pytest.raises(StatusError, match="'bachd status' will not work") as told:
        served(path, ask)
    assert "\n" not in str(told.value)


def test_one_who_goes_away_unheard_is_no_trouble(path: Path) -> None:
    def come_and_go() -> object:
        for _ in range(20):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
        return ask()["pid"]

    assert served(path, come_and_go) == 4711


def test_a_run_that_ends_while_somebody_asks_ends_quietly(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One asks and does not read on; asyncio would log what becomes of a task that is cancelled then."""

    async def serving(client: socket.socket) -> None:
        server = StatusServer(path, lambda: {**SNAPSHOT, "model": "x" * 10_000_000})  # more than a socket takes at once
        await server.start()
        await asyncio.get_running_loop().sock_connect(client, str(path))
        await asyncio.get_running_loop().sock_recv(client, 1)
        server.close()

    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        asyncio.run(serving(client))
    assert caplog.messages == []


def test_without_a_daemon_it_is_said_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 69
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "bachd: bachd is not running; start it with 'bachd run', or the service: sudo systemctl start bachd\n"
    )


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400"])
def test_nonsense_is_no_answer(path: Path, said: bytes) -> None:
    async def babbling() -> None:
        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()
            await writer.wait_closed()

        path.parent.mkdir()
        async with await asyncio.start_unix_server(babble, path):
            await asyncio.to_thread(ask)

    with pytest.raises(StatusError, match="runs but does not answer"):
        asyncio.run(babbling())


def test_a_daemon_that_hangs_is_told_from_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "PATIENCE", 0.05)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(path))
        stopped.listen()
        with pytest.raises(StatusError, match="does not answer"):
            ask()


@pytest.mark.parametrize(("main_pid", "restarts"), [(4711, 3), (4712, None)])
def test_systemd_tells_of_restarts_if_it_is_its_service(
    path: Path, tmp_path: Path, main_pid: int, restarts: int | None
) -> None:
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.parent.mkdir()
    systemctl.write_text(f"#!{sys.executable}\nprint('MainPID={main_pid}\\nNRestarts=3')\n")
    systemctl.chmod(0o755)
    assert served(path, ask)["restarts"] == restarts


def test_as_a_person_reads_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert served(path, lambda: main(["status"])) == 0
    assert capsys.readouterr().out.splitlines() == [
        "piece     bwv269, bar 12",
        "tempo     84 bpm",
        "output    FP-30X MIDI 1",
        "model     chorales on cpu",
        "lateness  p50 0.10 ms, p99 0.20 ms, max 3.10 ms, of 1200 messages",
        "events    77 in 1 d 2 h",
        "page      http://127.0.0.1:8080/",
        "          from another machine: ssh -L 8080:127.0.0.1:8080 USER@"
        f"{socket.gethostname()}, then http://localhost:8080/",
        "restarts  not run by systemd",
        "bachd     1.2.3, process 4711",
        "faults    2026-11-22T16:02:33  config.yaml:3: tempo: too fast",
        "          config.yaml:4: bars: none",
    ]


def test_before_the_first_event(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    young: Snapshot = {
        **SNAPSHOT,
        "piece": None,
        "bar": None,
        "lateness": {"count": 0, "p50": 0.0, "p99": 0.0, "max": 0.0},
        "faults": [],
        "uptime_s": 0.2,
        "events": 0,
    }
    assert served(path, lambda: main(["status"]), young) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"piece     none yet", "lateness  nothing measured", "events    0 in 0 s", "faults    none"} <= {*lines}


def test_whom_it_waits_for_stands_by_the_tempo(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waiting: Snapshot = {**SNAPSHOT, "condition": "waiting for a MIDI clock (Drum)"}
    assert served(path, lambda: main(["status"]), waiting) == 0
    assert "tempo     84 bpm; waiting for a MIDI clock (Drum)" in capsys.readouterr().out.splitlines()


def test_as_a_program_reads_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert served(path, lambda: main(["status", "--json"])) == 0
    assert json.loads(capsys.readouterr().out) == {**SNAPSHOT, "restarts": None}


def test_without_a_runtime_directory_it_is_in_a_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/bachd:/run/more")
    assert status.socket_path() == Path("/run/bachd/status")
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert status.socket_path() == tmp_path / "bachd" / "status"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(os, "getuid", lambda: 987654321)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert status.socket_path() == tmp_path / ".cache/bachd/status"
