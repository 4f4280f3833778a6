"""The whole process, playing through JACK: stopped and killed as systemd does it, and beside a server that hangs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

import bachd
from tests.conftest import PATIENCE, JackServer, Synth
from tests.midi.jack.jackport import RESET, PlugSynth

BACHD = (sys.executable, "-m", "bachd")
CONFIG = """\
tempo: 240
seed: {{piece: bwv269, rng: 5}}
midi: {{output: '{output}'}}
web: {{listen: '127.0.0.1:{port}'}}
"""


class Service:
    """bachd with all its processes, as systemd sees them."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    @property
    def children(self) -> set[int]:
        """Every process that descends from the main one."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                pid, rest = stat.read_text().split(" ", 1)
                parents[int(pid)] = int(rest.rpartition(")")[2].split()[1])
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}

    def settings(self) -> dict[str, object]:
        """What the page asks for."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/settings", timeout=PATIENCE) as answer:
            return dict(json.load(answer))


@pytest.fixture
def run(tmp_path: Path, jack: JackServer) -> Iterator[Callable[[str], Service]]:
    """Starts bachd with an output."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(bachd.__file__).parents[1]),
        "RUNTIME_DIRECTORY": str(tmp_path),
        "STATE_DIRECTORY": str(tmp_path),
    }

    def start(output: str) -> Service:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        (tmp_path / "config.yaml").write_text(CONFIG.format(output=output, port=port))
        process = subprocess.Popen(
            [*BACHD, "run"], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append(process)
        return Service(process, port)

    yield start
    for process in started:
        process.kill()
        process.wait()


def send_all(number: signal.Signals, pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_for_end(pids: set[int]) -> None:
    end = time.monotonic() + PATIENCE
    for pid in pids:
        while Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text():
            assert time.monotonic() < end


@contextmanager
def music(run: Callable[[str], Service], synth: Synth) -> Iterator[tuple[Service, list[str]]]:
    """A run whose music is in full flow, and what the synth has received of it."""
    service = run("synth:in")
    heard = synth.hear(len(RESET) + 12)
    yield service, heard


def hanging(heard: list[str]) -> set[str]:
    """The notes that sound after all of these messages, by channel and number."""
    sounding: set[str] = set()
    for message in heard:
        if message[0] == "9" and message[4:] != "00":
            sounding.add(message[1:4])
        elif message[0] in "89":
            sounding.discard(message[1:4])
        elif message[0] == "b" and message[2:4] in ("7b", "78"):
            sounding = {note for note in sounding if note[0] != message[1]}
    return sounding


def test_a_stop_of_the_service_leaves_nothing_sounding(run: Callable[[str], Service], plug_synth: PlugSynth) -> None:
    """systemd sends SIGTERM to all of its processes."""
    synth = plug_synth("synth")
    with music(run, synth) as (service, heard):
        pids = service.children
        send_all(signal.SIGTERM, {*pids, service.process.pid})
        assert service.process.wait(PATIENCE) == 0
        wait_for_end(pids)
    assert hanging(heard + synth.unplug()) == set()


def test_a_kill_of_the_main_process_leaves_nothing_sounding(
    run: Callable[[str], Service], plug_synth: PlugSynth
) -> None:
    """systemd sends SIGTERM to those that are left."""
    synth = plug_synth("synth")
    with music(run, synth) as (service, heard):
        pids = service.children
        service.process.kill()
        service.process.wait(PATIENCE)
        send_all(signal.SIGTERM, pids)
        wait_for_end(pids)
    assert hanging(heard + synth.unplug()) == set()


def test_after_a_kill_of_all_processes_panic_ends_what_hangs(
    run: Callable[[str], Service], plug_synth: PlugSynth
) -> None:
    synth = plug_synth("synth")
    with music(run, synth) as (service, heard):
        send_all(signal.SIGKILL, {*service.children, service.process.pid})
        service.process.wait(PATIENCE)
    done = subprocess.run([*BACHD, "panic"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "silenced synth:in\n"), done.stderr
    assert hanging(heard + synth.unplug()) == set()


def test_settings_are_answered_and_a_run_ends_while_the_server_hangs(
    jack: JackServer, run: Callable[[str], Service], plug_synth: PlugSynth
) -> None:
    synth = plug_synth("synth")
    with music(run, synth) as (service, _):
        assert service.settings()
        jack.signal(signal.SIGSTOP)
        try:
            assert service.settings()
            service.process.terminate()
            assert service.process.wait(PATIENCE) == 0
        finally:
            jack.signal(signal.SIGCONT)
