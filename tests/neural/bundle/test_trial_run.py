"""Graphs that crash whatever loads them: mutations of the shipped ones, made here."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from bachd.errors import ModelError
from bachd.neural.bundle import bundle, trial_run
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import GRAPHS, HARMONY
from bachd.neural.runtime import load

CRASHING: Final = (16, 0x00)
"""Offset and byte: the field that says where a graph's subgraphs are. Both runtimes follow it without a look."""


def copy_of(folder: Path, name: str = "mine") -> Path:
    target = folder / name
    shutil.copytree(bundle.folder("chorales"), target)
    return target


def mutate(folder: Path, file: str, offset: int, byte: int) -> None:
    """Change a byte of a bundle's file, and let its card vouch for that."""
    content = bytearray((folder / file).read_bytes())
    content[offset] = byte
    vouch(folder, file, bytes(content))


def vouch(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["files"][file] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


@pytest.mark.parametrize("file", GRAPHS)
def test_a_graph_that_crashes_the_runtime_is_refused(tmp_path: Path, file: str) -> None:
    mine = copy_of(tmp_path)
    mutate(mine, file, *CRASHING)
    loading = "import sys; from pathlib import Path; from bachd.neural.runtime import load; load(Path(sys.argv[1]))"
    assert subprocess.run([sys.executable, "-c", loading, mine / file], check=False).returncode < 0
    with pytest.raises(ModelError, match=rf"^model: the graphs of {mine} crash the runtime \(SIG\w+\); install"):
        trial_run.ensure(Bundle.open(mine), tmp_path / "state")
    with pytest.raises(ModelError):  # and it is not taken for known
        trial_run.ensure(Bundle.open(mine), tmp_path / "state")


def test_the_graph_for_chords_is_tried_too(tmp_path: Path) -> None:
    mine = copy_of(tmp_path)
    content = bytearray((mine / "head.tflite").read_bytes())
    content[CRASHING[0]] = CRASHING[1]
    vouch(mine, HARMONY, bytes(content))
    with pytest.raises(ModelError, match=rf"^model: the graphs of {mine} crash the runtime"):
        trial_run.ensure(Bundle.open(mine), tmp_path / "state")


def test_a_graph_that_is_none_is_refused_in_the_runtimes_words(tmp_path: Path) -> None:
    mine = copy_of(tmp_path)
    vouch(mine, "head.tflite", b"no graph at all")
    with pytest.raises(ModelError, match=r"head\.tflite: is not a model that .* can load"):
        trial_run.ensure(Bundle.open(mine), tmp_path)


def test_graphs_that_ran_once_are_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = copy_of(tmp_path)
    content = (mine / "head.tflite").read_bytes() + b"\0"
    vouch(mine, "head.tflite", content)
    load(mine / "head.tflite")
    tried: list[Path] = []
    real = trial_run._try

    def recorded(folder: Path) -> None:
        tried.append(folder)
        real(folder)

    monkeypatch.setattr(trial_run, "_try", recorded)
    for _ in range(2):
        trial_run.ensure(Bundle.open(mine), tmp_path / "state")
    assert tried == [mine]
    # Another runtime may crash where this one did not.
    monkeypatch.setattr(trial_run, "_version", lambda distribution: f"{distribution}-9.9")
    trial_run.ensure(Bundle.open(mine), tmp_path / "state")
    assert tried == [mine, mine]


def test_what_came_with_bachd_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(folder: Path) -> None:
        raise AssertionError(folder)

    monkeypatch.setattr(trial_run, "_try", forbidden)
    for name in bundle.SHIPPED:
        trial_run.ensure(Bundle.open(name), tmp_path)
    trial_run.ensure(Bundle.open(copy_of(tmp_path)), tmp_path)


def test_nothing_can_be_remembered_and_the_trial_is_made_all_the_same(tmp_path: Path) -> None:
    mine = copy_of(tmp_path)
    vouch(mine, "head.tflite", (mine / "head.tflite").read_bytes() + b"\0")
    (tmp_path / "state").write_text("a file, where the folder would be")
    trial_run.ensure(Bundle.open(mine), tmp_path / "state")
