"""A graph in another process, with a runtime and shared libraries that are real."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bachd.errors import ModelError
from bachd.neural.bundle import bundle
from bachd.neural.edgetpu import LIBRARY
from bachd.neural.graph_process import Remote
from bachd.neural.runtime import Graph, load
from tests.neural import delegates

AMPLE = 60.0
"""Seconds that a process may take on a machine that is busy with other things."""
TRUNK = bundle.folder("chorales") / "trunk.tflite"


@pytest.fixture(scope="module")
def trunk() -> Graph:
    return load(TRUNK)


def remote(trunk: Graph, path: Path = TRUNK, patience: float = AMPLE) -> Remote:
    return Remote(path, LIBRARY, trunk, patience)


@pytest.mark.parametrize("kind", ["works", "talks"])
def test_it_answers_what_the_graph_says(
    kind: str, trunk: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install(kind, tmp_path, monkeypatch)
    other = remote(trunk)
    rng = np.random.default_rng(1)
    for _ in range(3):
        window = rng.choice([-128, 127], trunk.inputs[0].shape).astype(np.int8)
        assert np.array_equal(other.invoke(window), trunk.invoke(window))


@pytest.mark.parametrize(
    ("kind", "patience", "complaint"),
    [
        ("finds nothing", AMPLE, f"{LIBRARY} finds no device it can use: .*no Coral is there"),
        ("crashes", AMPLE, "its process was ended by SIGSEGV"),
        ("hangs", 1.0, "no answer within 1 s"),
    ],
)
def test_a_library_that_does_not_work_is_an_error_here_and_no_more(
    kind: str, patience: float, complaint: str, trunk: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install(kind, tmp_path, monkeypatch)
    with pytest.raises(ModelError, match=complaint):
        remote(trunk, patience=patience)


def test_a_library_or_a_graph_that_is_not_there_is_named(
    trunk: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    with pytest.raises(ModelError, match=f"the library {LIBRARY} cannot be loaded"):
        remote(trunk)
    with pytest.raises(ModelError, match=r"nothing\.tflite: cannot be read"):
        remote(trunk, tmp_path / "nothing.tflite")


def test_a_graph_that_is_not_like_the_one_it_stands_for_is_refused(
    trunk: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    with pytest.raises(ModelError, match=r"head\.tflite takes and gives something else"):
        remote(trunk, TRUNK.with_name("head.tflite"))


@pytest.mark.parametrize(
    ("number", "patience", "complaint"),
    [(signal.SIGKILL, AMPLE, "its process was ended by SIGKILL"), (signal.SIGSTOP, 0.5, "no answer within 0.5 s")],
)
def test_a_process_that_dies_or_hangs_later_is_an_error_and_is_gone(
    number: signal.Signals,
    patience: float,
    complaint: str,
    trunk: Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    other = remote(trunk)
    window = np.zeros(trunk.inputs[0].shape, np.int8)
    other.invoke(window)
    process = other._process.pid
    os.kill(process, number)
    other.patience = patience
    with pytest.raises(ModelError, match=complaint):
        other.invoke(window)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_process_that_is_closed_is_gone(trunk: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    other = remote(trunk)
    other.close()
    with pytest.raises(ProcessLookupError):
        os.kill(other._process.pid, 0)
    other.close()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="nothing but Linux lets one wait for another's child")
@pytest.mark.parametrize("kill", [False, True])
def test_the_process_ends_with_the_one_that_asked_for_it(
    kill: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegates.install("works", tmp_path, monkeypatch)
    script = (
        "import sys; from pathlib import Path; from bachd.neural.graph_process import Remote; "
        "from bachd.neural.runtime import load; path, library = Path(sys.argv[1]), sys.argv[2]; "
        f"print(Remote(path, library, load(path), {AMPLE})._process.pid, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(TRUNK), LIBRARY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        ends = os.pidfd_open(int(asking.stdout.readline()))
        if kill:
            asking.kill()
    poll = select.poll()
    poll.register(ends, select.POLLIN)
    assert poll.poll(1e3 * AMPLE)
    os.close(ends)
