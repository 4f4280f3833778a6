"""A shell's working directory, a composer that is a script, and a machine with a synth."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd.config import Config
from bachd.midi.port_names import PortInfo
from tests.fakes import ScriptedComposer, steps

PORTS = [PortInfo("FP-30X MIDI 1", "alsa", "hardware"), PortInfo("FLUID Synth input", "alsa", "software")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, on a machine without settings of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bachd.commands.config_file.SYSTEM", tmp_path / "etc.yaml")
    return tmp_path


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Config, int]]:
    """Lets a script compose; the settings and the rng that it was asked for."""
    asked = []

    def open_composer(config: Config, rng: int) -> ScriptedComposer:
        asked.append((config, rng))
        return ScriptedComposer(*steps("C4:4 E4:4"))

    monkeypatch.setattr("bachd.service.factory.open_composer", open_composer)
    return asked


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a synth."""
    monkeypatch.setattr("bachd.midi.systems.list_ports", lambda: PORTS)
