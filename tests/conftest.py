"""A JACK server of our own, and a synth that is another program.

Law: what is started here is ended here; nothing waits for a time, only for what it needs.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.failed_tests import pytest_runtest_makereport as pytest_runtest_makereport
from tests.jack_xruns import pytest_configure as pytest_configure
from tests.jack_xruns import pytest_terminal_summary as pytest_terminal_summary
from tests.jack_xruns import run_in_time

PATIENCE = 60.0
"""Seconds after which a program that hangs is ended, so that the test fails instead of waiting for ever."""

# On a busy machine an example can take its time; that says nothing about the code.
settings.register_profile("bachd", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bachd")


ROOT = (
    "midi/alsa midi/jack realtime/test_priority.py service/test_process.py service/web/server/test_networks.py "
    "systemd/test_unit.py test_child_process.py"
).split()
"""What is another thing where root runs it: priorities, namespaces, whose files are read."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in ROOT."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(tuple(ROOT)):
            item.add_marker(pytest.mark.root)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run what needs real time again if JACK was not in time."""
    if item.get_closest_marker("realtime") is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in run_in_time(item, nextitem, JackServer.skipped):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


WORKERS: Final = 2
"""Processes for each core: most tests wait for something. With four in all there is no lack of JACK servers."""


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes `-n auto` means: one where time or a container matters."""
    if config.option.markexpr != "not realtime" or os.environ.get("BACHD_CONTAINER"):
        return 0
    return min(4, WORKERS * len(os.sched_getaffinity(0)))


class JackServer:
    """jackd on its dummy driver, synchronous: without that it loses messages."""

    _SAID: ClassVar[list[IO[bytes]]] = []
    """What all servers have said."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._said = TemporaryFile()  # noqa: SIM115  # until this process ends
        self._SAID.append(self._said)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["jackd", "-R", "-S", "-P70", "-n", self.name, "-d", "dummy", "-r", "48000", "-p", "64"]
        if subprocess.run(["chrt", "-f", "20", "true"], capture_output=True, check=False).returncode:
            command[1:4] = ["-r", "-S"]
        if shutil.which("setpriv"):  # so that it does not outlive tests that are killed
            command[:0] = ["setpriv", "--pdeathsig", "TERM"]
        waiting = ["jack_wait", "-s", self.name, "-w", "-t", "1"]
        end = time.monotonic() + PATIENCE
        # A server leaves at once if there are eight on the machine already: then it is tried again.
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(command, stdout=self._said, stderr=self._said)
            if not subprocess.run(waiting, capture_output=True, check=False).returncode:
                return
        raise AssertionError(f"jackd does not start: {' '.join(command)}")

    @classmethod
    def skipped(cls) -> int:
        """Return how often a server was too late for a cycle."""
        return sum(os.pread(said.fileno(), 1 << 24, 0).count(b"XRun") for said in cls._SAID)

    def signal(self, number: int) -> None:
        """Send a signal to the server, such as SIGSTOP; returns when it stands still."""
        assert self._process is not None
        self._process.send_signal(number)
        while number == signal.SIGSTOP and not all(_stands_still(task) for task in self._tasks()):
            time.sleep(0.001)

    def _tasks(self) -> list[Path]:
        assert self._process is not None
        return list(Path(f"/proc/{self._process.pid}/task").iterdir())

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None


def _stands_still(task: Path) -> bool:
    """Return whether a thread is stopped: see proc(5), /proc/pid/stat."""
    return (task / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T"


class Synth:
    """An independent JACK client: a program that writes down what it hears. See jack_synth.py."""

    def __init__(self, name: str, source: str = "") -> None:
        script = Path(__file__).with_name("jack_synth.py")
        self._process = subprocess.Popen(
            [sys.executable, script, name, source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._guard = threading.Timer(PATIENCE, self._process.kill)
        self._guard.start()
        try:
            assert self._line() == "ready"
        except BaseException:
            self._process.kill()
            self.unplug()
            raise

    def hear(self, messages: int) -> list[str]:
        """The next so many messages, as hexadecimal digits."""
        return [self._line() for _ in range(messages)]

    def hear_after(self, sent: list[str]) -> list[str]:
        """What comes before the messages that were just sent, all of which must come."""
        heard: list[str] = []
        while heard[len(heard) - len(sent) :] != sent or len(heard) < len(sent):
            line = self._line()
            assert line, f"never received {sent}, but {heard}"
            heard.append(line)
        return heard[: len(heard) - len(sent)]

    def unplug(self) -> list[str]:
        """Be gone; what has been heard since `hear`."""
        rest, _ = self._process.communicate()
        self._guard.cancel()
        self._guard.join()
        return rest.splitlines()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


@pytest.fixture(scope="session")
def _jack_server() -> Iterator[JackServer]:
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed: no JACK")
    for program in ("jackd", "jack_wait"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install jackd2")
    server = JackServer(f"bachd-test-{os.getpid()}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", server.name)
        patch.setenv("JACK_NO_START_SERVER", "1")
        patch.setenv("JACK_NO_AUDIO_RESERVATION", "1")
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def jack(_jack_server: JackServer, monkeypatch: pytest.MonkeyPatch) -> JackServer:
    """A running JACK server, which this process and its children take for the default one."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", _jack_server.name)
    return _jack_server


@pytest.fixture
def plug_synth(jack: JackServer) -> Iterator[Callable[..., Synth]]:
    """Starts synths with `plug_synth(name)`; with a second argument it connects itself to that port."""
    synths: list[Synth] = []

    def plug(name: str, source: str = "") -> Synth:
        synths.append(Synth(name, source))
        return synths[-1]

    yield plug
    for synth in synths:
        synth.unplug()


@pytest.fixture
def no_midi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a MIDI system."""
    monkeypatch.setattr("bachd.midi.alsa.kernel_sequencer.DEVICE", tmp_path / "no-seq")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "bachd-test-none")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
