"""Upgrades in a series, to a listener on JACK, and how long an installation takes: for figures, when asked for.

BACHD_CONTAINER=bookworm BACHD_SERIES=1 pytest tests/systemd/package/test_series.py
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, TextIO

import pytest

from tests.pi.recording import Recording
from tests.pi.waiting import figures, say, wait_until
from tests.systemd.container import Container, booted
from tests.systemd.package.machine import Repack, apt, know_only_debs, others, playing
from tests.systemd.package.test_package import FAULT
from tests.systemd.service import CONFIG, DEPLOY, SETTINGS, write

UPGRADES: Final = 10
FAULTY: Final = 3
"""Each third version does not start."""
HALTS: Final = 20
RESTARTS: Final = 5
TO_LISTENER: Final = "midi: {output: listener}\ntempo: 120\nseed: {piece: bwv269}\n"
PATIENCE: Final = 120.0
"""Seconds until there is music again, on a busy machine."""
JACK: Final = {
    "bookworm": "jackd2,python3-jack-client",
    "trixie": "jackd2,jack-example-tools,python3-jack-client",
}
AS_BACHD: Final = ("setpriv", "--reuid=bachd", "--regid=bachd", "--init-groups")
pytestmark = pytest.mark.skipif("BACHD_SERIES" not in os.environ, reason="it takes long: set BACHD_SERIES")


class Listener:
    """What listener.py has written down so far."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._rest = ""
        self.recording = Recording()
        self.sounding: dict[float, int] = {}
        """How many notes sounded when each note_on came."""

    def read(self) -> Recording:
        """Take in what is new."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for moment, data in (line.split() for line in lines):
            before = len(self.recording.sounding)
            self.recording.feed(bytes.fromhex(data), float(moment))
            if data.startswith("9") and not data.endswith("00"):
                self.sounding[float(moment)] = before
        return self.recording

    def wait(self, after: float) -> None:
        """Wait for a note_on that comes after that moment."""
        wait_until(lambda: self.read().onsets[-1:] > [after], PATIENCE, "music", 0.1)

    def older(self, moment: float) -> int:
        """How many notes sound that began before."""
        return sum(began < moment for began in self.read().sounding.values())

    def gap(self, begin: float) -> tuple[float, int]:
        """Return the longest silence since then, in seconds, and how many notes hung in it."""
        onsets = [onset for onset in self.read().onsets if onset >= begin]
        longest, last = max((two - one, two) for one, two in pairwise(onsets))
        silence = next((until - since for since, until in self.recording.silences if until == last), longest)
        return silence, self.sounding[last]


@pytest.fixture(scope="module")
def stage(suite: str, archive: Path, shared: Path) -> Iterator[Container]:
    """A machine with JACK, on which bachd is installed."""
    shutil.copy(Path(__file__).with_name("listener.py"), shared)
    with booted(suite, shared, having=JACK[suite]) as container:
        know_only_debs(container)
        container.run("mkdir", "-p", "/etc/bachd")
        write(container, CONFIG)
        apt(container, "install", "bachd")
        yield container


@pytest.fixture(scope="module")
def listener(stage: Container, shared: Path) -> Iterator[Listener]:
    """It listens, and there is music."""
    stage.run("cp", "/host/listener.py", "/run")
    begin = ("systemd-run", "--quiet", "--uid=bachd", "--setenv=JACK_NO_AUDIO_RESERVATION=1", "--collect")
    stage.run(*begin, "--unit=jackd", "jackd", "-r", "-S", "-t", "5000", "-d", "dummy", "-p", "1024")
    (shared / "heard").touch()
    output = ("StandardOutput=append:/host/heard", "StandardError=journal", "Restart=on-failure")
    stage.run(
        *begin, "--unit=listener", *(f"--property={each}" for each in output), "python3", "-I", "/run/listener.py"
    )
    write(stage, TO_LISTENER)
    stage.run("systemctl", "restart", "bachd")
    with (shared / "heard").open(encoding="ascii") as file:
        listener = Listener(file)
        listener.wait(0.0)
        yield listener


def test_upgrades_leave_no_note_hanging(
    stage: Container, listener: Listener, repack: Repack, capsys: pytest.CaptureFixture[str]
) -> None:
    restarts = [_gap(stage, listener, "systemctl", "restart", "bachd") for _ in range(RESTARTS)]
    upgrades: list[float] = []
    returns: list[float] = []
    for number in range(UPGRADES):
        is_faulty = number % FAULTY == FAULTY - 1
        before, version = playing(stage), f"9.0.{number}"
        package = repack(version, FAULT if is_faulty else "")
        gap = _gap(stage, listener, "apt-get", "install", "-q", "-y", package)
        assert playing(stage) == (before if is_faulty else version)
        (returns if is_faulty else upgrades).append(gap)
    stage.run("systemctl", "stop", "bachd")
    wait_until(lambda: not listener.read().sounding, PATIENCE, "the last notes to end")
    stage.run("systemctl", "start", "bachd")
    with capsys.disabled():
        say(f"\nsilence in {len(restarts)} restarts: {figures(restarts)}")
        say(f"in {len(upgrades)} upgrades: {figures(upgrades)}; none of {len(listener.recording.onsets)} notes hung")
        if returns:
            say(f"{len(returns)} of {len(returns)} faulty versions were taken back: {figures(returns)}")


def _gap(stage: Container, listener: Listener, *command: str) -> float:
    """Run something that interrupts the music; returns the seconds without any. No note may hang in them."""
    begin, cut = time.monotonic(), listener.read().cut
    listener.wait(begin)
    stage.run("env", "DEBIAN_FRONTEND=noninteractive", *command)
    listener.wait(time.monotonic())
    silence, hanging = listener.gap(begin)
    assert hanging == 0
    assert listener.recording.cut == cut, "notes were ended by a reset, not by bachd"
    return silence


@pytest.mark.parametrize("halt", ["stop", "kill", "cable"])
def test_halts_leave_no_note_hanging(
    stage: Container, listener: Listener, halt: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rng, silences = random.Random(1), []
    listener.wait(time.monotonic())
    for _ in range(HALTS):
        time.sleep(rng.uniform(0, 4))  # this is the random moment, and waits for nothing
        began = time.monotonic()
        HOW[halt](stage, listener)
        back = time.monotonic()
        listener.wait(back)
        assert listener.older(began) == 0
        silences.append(listener.gap(began - 1)[0])
    with capsys.disabled():
        notes = len(listener.recording.onsets)
        say(f"\n{halt}: none of {notes} notes hung, {HALTS} of {HALTS} times; silence {figures(silences)}")


def _stop(stage: Container, listener: Listener) -> None:
    stage.run("systemctl", "stop", "bachd")
    wait_until(lambda: not listener.read().sounding, PATIENCE, "the last notes to end")
    stage.run("systemctl", "start", "bachd")


def _kill(stage: Container, listener: Listener) -> None:
    process = stage.show("MainPID")
    stage.run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "bachd")
    wait_until(lambda: stage.show("MainPID") not in (process, "0"), PATIENCE, "another process", 0.1)


def _pull(stage: Container, listener: Listener) -> None:
    """Notes sound on at the listener until the cable is back: then nothing is to sound of what began before."""
    _, source = stage.out(*AS_BACHD, "jack_lsp", "-c", "listener:in").split()
    stage.run(*AS_BACHD, "jack_disconnect", source, "listener:in")
    time.sleep(1.0)  # the cable is out for so long, and this waits for nothing
    stage.run(*AS_BACHD, "jack_connect", source, "listener:in")


HOW: Final = {"stop": _stop, "kill": _kill, "cable": _pull}


def test_how_long_an_installation_takes(
    suite: str, archive: Path, shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From local files, without a network. No figure fails it."""
    with booted(suite, shared) as machine:
        know_only_debs(machine)
        told = []
        for name, command in (
            ("deploy.sh install --wheels", (DEPLOY, "install", "--wheels", "/wheels")),
            ("apt-get install, Debian's packages", ("apt-get", "install", "-q", "-y", *others(machine))),
            ("apt-get install, bachd", ("apt-get", "install", "-q", "-y", "bachd")),
        ):
            machine.run("mkdir", "-p", "/etc/bachd")
            write(machine, CONFIG)
            begin, cpu = time.monotonic(), _cpu()
            machine.run("env", "DEBIAN_FRONTEND=noninteractive", *command)
            told.append(f"{name}: {time.monotonic() - begin:.1f} s, {_cpu() - cpu:.1f} s of them on a processor")
            if command[0] == DEPLOY:
                assert machine.show("ActiveState") == "active"
                machine.run(DEPLOY, "uninstall", "--purge")
        size = machine.out("du", "-smc", "/usr/lib/bachd", "/opt/bachd").splitlines()[-1].split()[0]
        told.append(f"bachd takes {size} MB, compiled modules and all, beside Debian's packages")
        assert machine.show("ActiveState") == "active"
        assert machine.out("cat", SETTINGS) == CONFIG.strip()
    with capsys.disabled():
        say("\n".join(["", *told]))


def _cpu() -> float:
    """Seconds that all commands have computed so far; the music, which systemd starts, is not in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
