"""A stage for runs: what a run would open for itself is opened here instead. And machines made of files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
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

    move = plan = refresh = retract = status = step


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
