"""A run whose process may open no more files."""

from __future__ import annotations

import logging
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bachd.service import resource_exhaustion


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can limit another process")
def test_too_many_open_files_are_one_line_and_the_music_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = "tempo: {}\nseed: {{piece: bwv269}}\nmidi: {{output: 'file:out.mid'}}\nweb: {{listen: '127.0.0.1:{}'}}\n"
    (tmp_path / "config.yaml").write_text(config.format(240, port))
    askers: list[socket.socket] = []
    with subprocess.Popen(
        [sys.executable, "-m", "bachd", "run"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            lines: list[str] = []

            def wait_for(beginning: str) -> None:
                """In whatever order the page, the status socket and the file of settings report what they lack."""
                while not any(line.startswith(beginning) for line in lines):
                    assert process.stderr is not None
                    lines.append(process.stderr.readline())
                    assert lines[-1], f"ended without '{beginning}': {lines}"

            wait_for("the page is at ")
            before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
            for _ in range(5):
                askers.append(socket.socket(socket.AF_UNIX))
                askers[-1].connect(str(tmp_path / "status"))
            wait_for("Too many open files: the music goes on")
            (tmp_path / "config.yaml").write_text(config.format(200, port))
            wait_for("config refused, ")  # it may be the first look at the file, or a later one
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)
            (tmp_path / "config.yaml").write_text(config.format(300, port))
            wait_for("in use from this bar on: tempo")
            process.send_signal(signal.SIGTERM)
            _, rest = process.communicate()
        finally:
            process.kill()
            for asker in askers:
                asker.close()
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_what_lacks_is_reported_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter((1000.0, 1000.0, 1001.0, 1059.0, 1061.0, 1061.0))
    monkeypatch.setattr(resource_exhaustion, "monotonic", lambda: next(moments))
    monkeypatch.setattr(resource_exhaustion, "_reported", -resource_exhaustion.QUIET)
    with caplog.at_level(logging.WARNING, "bachd"):
        for _ in range(4):
            assert resource_exhaustion.report(OSError(24, "Too many open files"))
    assert len(caplog.records) == 2
    assert not resource_exhaustion.report(OSError(2, "No such file or directory"))
    assert not resource_exhaustion.report(ValueError())
    assert not resource_exhaustion.report(None)
