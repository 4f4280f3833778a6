"""A stage for runs: what a run would open for itself is opened here instead. And machines made of files."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.midi.fan_out import FanOut
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.service.doctor.machine import Machine
from bachd.service.telemetry import status
from tests.fakes import RecordingOutput, ScriptedComposer, steps

QUICK = Config(tempo=300.0)
CHORDS = steps("C3.E4.G4:1/6 ~C3.F4:1/6 R:1/12")


class NoPage:
    """In place of the page: says nothing to nobody."""

    link = None
    watched = False

    def __init__(self, *_: object) -> None:
        pass

    async def run(self) -> None:
        await asyncio.Future()

    def step(self, *_: object, **said: object) -> None:
        """Whatever there is to say."""

    live = move = plan = refresh = retract = status = step


class Stage:
    """What a run would open for itself, opened here instead."""

    output: RecordingOutput
    lateness: Lateness

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(folder))
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
        self.script: Sequence[Step | Exception | Callable[[], object]] = CHORDS
        monkeypatch.setattr("bachd.midi.ports.open_outputs", self.open_outputs)
        monkeypatch.setattr("bachd.service.factory.open_composer", self.open_composer)
        monkeypatch.setattr("bachd.service.control_task.Page", NoPage)

    def open_outputs(self, specs: Sequence[str], clock: Clock, lateness: Lateness, **_: object) -> FanOut:
        self.output, self.lateness = RecordingOutput(clock), lateness
        return FanOut([self.output])

    def open_composer(self, config: Config, rng: int, model: object = None) -> ScriptedComposer:
        return ScriptedComposer(*self.script)

    def ends_in_silence(self) -> bool:
        """Whether every note has ended, and the output was closed after that."""
        kinds = [timed.message.type for timed in self.output.messages]
        return self.output.closed and kinds.count("note_on") == kinds.count("note_off") > 0


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


class Bench:
    """A machine on the bench: give it files and packages, then look at it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, files: Mapping[str, str]) -> Bench:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self

    def packages(self, *named: str) -> Bench:
        """Install 'NAME VERSION'."""
        for name, version in (each.split() for each in named):
            folder = f"packages/{name.replace('-', '_')}-{version}.dist-info"
            self.files({f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"})
        return self

    @property
    def machine(self) -> Machine:
        packages = (str(self.root / "packages"),)
        return Machine(self.root, packages, (3, 11), "Linux", "aarch64", wide=True, user=1000, rtprio=95, memlock=-1)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A machine on which no bachd runs."""
    monkeypatch.setattr(status, "SYSTEM", tmp_path / "run")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    return Bench(tmp_path)


class When(logging.Handler):
    """Does something when the log has said some things, one after the other."""

    def __init__(self, act: Callable[[], object], *texts: str) -> None:
        super().__init__()
        self._act, self._texts = act, list(texts)

    def emit(self, record: logging.LogRecord) -> None:
        if self._texts and self._texts[0] in record.getMessage():
            self._texts.pop(0)
            if not self._texts:
                self._act()


@pytest.fixture
def when() -> Iterator[Callable[..., None]]:
    root, handlers = logging.getLogger(), []

    def when(act: Callable[[], object], *texts: str) -> None:
        handlers.append(When(act, *texts))
        root.addHandler(handlers[-1])

    yield when
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def stop_when(when: Callable[..., None]) -> Callable[..., None]:
    return lambda *texts: when(lambda: os.kill(os.getpid(), signal.SIGTERM), *texts)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Iterator[socket.socket]:
    """What a service manager hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield manager


def heard(manager: socket.socket) -> list[str]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(manager.recv(4096).decode())
    return found


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Do it the first time only: scripts go round."""
    rest = [act]

    def first() -> None:
        if rest:
            rest.pop()()

    return first
