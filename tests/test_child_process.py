"""Child processes, and what may not get into them or into any command: modules that lie in the working directory."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import bachd
from bachd import child_process
from bachd.errors import EXIT_CONFIG, EXIT_OK, EXIT_UNAVAILABLE

TOP: Final = Path(bachd.__file__).parents[1]
THIRD_PARTY: Final = (
    "ai_edge_litert aiohttp alsa_midi mido multidict numpy prometheus_client rich rtmidi sitecustomize tflite_runtime "
    "tqdm usercustomize yaml yarl bachd_child"
).split()
SPY: Final = """
import os, sys
with open(os.environ["SPY"], "a") as file:
    file.write(f"{__name__} {sys.argv}\\n")
raise ImportError("planted")
"""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which every module of Python's and of others is planted; it becomes the current one."""
    for name in (*sys.stdlib_module_names, *THIRD_PARTY):
        (tmp_path / f"{name}.py").write_text(SPY)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "config.yaml").write_text(
        "tempo: 240\nseed: {piece: bwv269, rng: 5}\nmidi: {output: 'file:out.mid'}\n"
        f"web: {{listen: '127.0.0.1:{port}'}}\n"
    )
    monkeypatch.setenv("SPY", str(tmp_path / "imported"))
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.delenv(name, raising=False)
    for name in ("RUNTIME_DIRECTORY", "STATE_DIRECTORY"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planted(trap: Path) -> str:
    """What was imported of what is planted."""
    found = trap / "imported"
    return found.read_text() if found.exists() else ""


def runs_modules_here(trap: Path) -> bool:
    """Whether this Python's -m works in such a folder at all: it may import `importlib` from there by itself."""
    (trap / "empty.py").write_text("")
    return subprocess.run([sys.executable, "-m", "empty"], capture_output=True, check=False).returncode == 0


def script() -> tuple[str, ...]:
    """The installed command, or where the tests run from a checkout that is not installed, what it does."""
    installed = Path(sys.executable).with_name("bachd")
    return (str(installed),) if installed.exists() else (sys.executable, "-m", "bachd")


VERBS: Final = [
    (("--help",), EXIT_OK),
    (("run", "--events", "8"), EXIT_OK),
    (("render", "out.mid", "--bars", "1"), EXIT_OK),
    (("ports",), EXIT_OK),
    (("check",), EXIT_OK),
    (("check", "--config", "none.yaml"), EXIT_CONFIG),
    (("status",), EXIT_UNAVAILABLE),
    (("doctor",), None),
    (("panic",), None),
]


@pytest.mark.parametrize(("words", "code"), VERBS, ids=[" ".join(words) for words, _ in VERBS])
@pytest.mark.parametrize("way", ["script", "module"])
def test_no_verb_imports_from_the_working_directory(
    trap: Path, words: tuple[str, ...], code: int | None, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = script() if way == "script" else (sys.executable, "-m", "bachd")
    if subprocess.run([sys.executable, "-c", "import bachd"], cwd="/", capture_output=True, check=False).returncode:
        monkeypatch.setenv("PYTHONPATH", str(TOP))
    if way == "module" and not runs_modules_here(trap):
        pytest.skip("python -m imports from the working directory before bachd can prevent it; the command does not")
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert planted(trap) == ""
    assert code in (None, done.returncode), done.stderr


CHILDREN: Final = (
    "bachd.midi.din.bridge bachd.midi.jack.player_process bachd.midi.jack.input_process bachd.midi.jack.port_list "
    "bachd.neural.graph_process bachd.midi.speaker.synth_process bachd.training.corpus.shards.read_job "
    "bachd.service.timing.listener bachd.service.timing.wakeup bachd.service.web.server"
).split()


@pytest.mark.parametrize("module", CHILDREN)
def test_no_child_imports_from_the_working_directory(trap: Path, module: str) -> None:
    process = child_process.start(module, "alsa" if module.endswith("listener") else "x", "y")
    child_process.end(process, 20)
    assert planted(trap) == ""


def test_a_child_that_is_a_program_of_its_own_is_found(trap: Path) -> None:
    """The list above is complete: what is run as a program in bachd is in it, a command, or a tool of developers."""
    programs = {
        ".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__main__")
        for path in (TOP / "bachd").rglob("*.py")
        if '__name__ == "__main__"' in path.read_text()
    }
    commands = {"bachd", "bachd.child_main", "bachd.training.cli", "bachd.neural.bundle.trial_run"}
    tools = {"bachd.config", "bachd.training.evaluate.analysis.fit_resting_points"}
    assert programs - commands - tools <= set(CHILDREN)


def test_a_child_runs_this_bachd_and_the_standard_library_comes_first(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "bachd"
    copy.mkdir(parents=True)
    for name in ("__init__.py", "child_main.py", "standard_streams.py", "errors.py", "printable.py"):
        (copy / name).write_bytes((TOP / "bachd" / name).read_bytes())
    (copy / "probe.py").write_text("import bachd, json, sys; print(json.dumps([bachd.__file__, sys.path]))")
    (copy.parent / "json.py").write_text(SPY)
    done = subprocess.run(
        [sys.executable, "-P", copy / "child_main.py", "bachd.probe"],
        cwd=copy.parent,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    )
    file, path = json.loads(done.stdout)
    assert Path(file).parent == copy
    assert path.index(str(Path(os.__file__).parent)) < path.index(str(copy.parent))


def test_what_systemd_told_the_service_alone_is_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PYTHONPATH", ":/somewhere:")
    found = child_process.inherited()
    assert not {"NOTIFY_SOCKET", "LISTEN_FDS", "WATCHDOG_USEC"} & set(found)
    assert found["PYTHONPATH"] == "/somewhere"


def test_a_child_that_says_nothing_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; print('re', end='', flush=True); time.sleep(600)"], stdout=writing
    )
    process.stdout = os.fdopen(reading, "rb")
    os.close(writing)
    try:
        assert child_process.read_line(process, 0.5) == ""
    finally:
        code = child_process.end(process)
    assert code < 0


def test_a_line_is_read_and_not_a_byte_more() -> None:
    process = child_process.start("bachd.midi.jack.input_process", "clock", "x", text=True)
    try:
        said = child_process.read_line(process, 30)
    finally:
        code = child_process.end(process, 20)
    assert said.startswith(("!", "ready"))
    assert code == 0
