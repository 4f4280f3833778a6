"""A real daemon that plays to nobody, and its page asked over real sockets."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import bachd

PATIENCE = 30.0
"""Seconds after which a request that hangs fails its test."""

CONFIG = """\
# mine
seed: {piece: bwv269, rng: 5}
tempo: 240  # fast
midi: {output: none}
web: {listen: 'ADDRESS'}
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Running:
    """A daemon with a page."""

    folder: Path
    host: str = "127.0.0.1"
    headers: dict[str, str] = field(default_factory=dict)
    web: str = ""
    """More keys of `web`, as config.yaml writes them on one line."""
    within: tuple[str, ...] = ()
    """The command that it is started by, if there is one: into another network, say."""

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port = probe.getsockname()[1]
        self.config = self.folder / "config.yaml"
        text = CONFIG.replace("ADDRESS", f"{self.host}:{self.port}")
        self.config.write_text(text.replace("'}", f"', {self.web}}}") if self.web else text)
        self._process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        given = {
            "PYTHONPATH": str(Path(bachd.__file__).parents[1]),
            "RUNTIME_DIRECTORY": str(self.folder),
            "STATE_DIRECTORY": str(self.folder / "state"),
        }
        return {**os.environ, **given}

    def start(self, told: str = "the page is at") -> None:
        """Returns when its log says something."""
        self._process = subprocess.Popen(
            [*self.within, sys.executable, "-m", "bachd", "run"],
            cwd=self.folder,
            env=self.environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        try:
            self.until(told)
            if told == "the page is at" and not self.within:
                self.ask("/health")  # the daemon listens already; this waits for the process that answers
        except BaseException:
            self._process.kill()
            self._process.communicate()
            self._process = None
            raise

    def until(self, text: str) -> list[str]:
        """The lines of the log up to one that holds `text`."""
        assert self._process is not None
        assert self._process.stderr is not None
        told = []
        for line in self._process.stderr:
            told.append(line.rstrip("\n"))
            if text in line:
                return told
        raise AssertionError("\n".join(told))

    def pages(self) -> list[int]:
        """The processes that serve the page."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        found = {*children, *(pid for path in threads for pid in path.read_text().split())}
        return [int(pid) for pid in found if b"bachd.service.web.server" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    @property
    def pid(self) -> int:
        """The daemon's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def token(self) -> str:
        """What opens the page, where it asks for one."""
        return (self.folder / "state/token").read_text().strip()

    def stop(self) -> str:
        """End it; the rest of its log."""
        if self._process is None:
            return ""
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate()
        assert process.returncode == 0
        return told

    def ask(self, path: str, data: object = None, method: str | None = None, **headers: str) -> Answer:
        """Ask for something; `data` that is no bytes is sent as JSON."""
        body = data if data is None or isinstance(data, bytes) else json.dumps(data).encode()
        given = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(
            f"http://{self.host}:{self.port}{path}", body, given, method=method or ("GET" if body is None else "POST")
        )
        opener = urllib.request.build_opener(_Straight)
        try:
            with opener.open(request, timeout=PATIENCE) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, dict(refusal.headers), refusal.read())


@contextmanager
def few_files(process: int, more: int) -> Iterator[None]:
    """Let a process have so many more open files than it has, for a while."""
    before = resource.prlimit(process, resource.RLIMIT_NOFILE)
    used = len(list(Path(f"/proc/{process}/fd").iterdir()))
    resource.prlimit(process, resource.RLIMIT_NOFILE, (used + more, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_NOFILE, before)


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirections."""

    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Running]]:
    """Starts daemons; they end with the module."""
    with ExitStack() as stack:

        def start(host: str = "127.0.0.1", web: str = "") -> Running:
            running = Running(tmp_path_factory.mktemp("run"), host, web=web)
            running.start()
            stack.callback(running.stop)
            return running

        yield start


@pytest.fixture(scope="module")
def bachd_run(run: Callable[..., Running]) -> Running:
    """One for this machine alone."""
    return run()
