"""bachd as a service of the guest's systemd: what is known of it, its settings and its journal.

Law: it asks only what an owner could ask, and asking costs the music as little as can be.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.pi.waiting import GuestError, wait_until

CONFIG = Path("/etc/bachd/config.yaml")
PYTHON = "/opt/bachd/current/venv/bin/python"
PATIENCE = 240.0
"""Seconds after which something that takes two on a Pi has failed, on an emulated processor that others use, too."""
_GROUP = Path("/sys/fs/cgroup/system.slice/bachd.service")
_DROP_IN = Path("/run/systemd/system/bachd.service.d/tried.conf")


def show(name: str) -> str:
    """A property of the unit."""
    command = ["systemctl", "show", "bachd", "--value", f"--property={name}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def process() -> int:
    """The number of the process that plays."""
    return int(show("MainPID"))


def player() -> int | None:
    """The same number, once that process runs Python; None while there is none.

    It is looked for in its control group: to ask systemd takes a process, for which an emulated Pi needs half a second.
    """
    for number in processes():
        with suppress(OSError):  # it has just ended
            if b"/bachd\0run\0" in Path("/proc", str(number), "cmdline").read_bytes():  # no panic
                return number
    return None


def processes() -> list[int]:
    """The numbers of all processes of the service."""
    try:
        return [int(number) for number in (_GROUP / "cgroup.procs").read_text().split()]
    except OSError:  # there is none
        return []


def install() -> None:
    """Install the checkout that this is, from the wheels beside it."""
    subprocess.run(["./deploy.sh", "install", "--wheels", "../wheels"], check=True, timeout=3000)


def systemctl(*words: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(["systemctl", *words], check=True)


def answer(*verb: str) -> Any:
    """What a verb of bachd tells a program. Raises GuestError if it tells nothing."""
    done = subprocess.run(["bachd", *verb, "--json"], capture_output=True, text=True, check=False)
    if not done.stdout:
        raise GuestError(f"bachd {verb[0]} says {done.stderr.strip()!r}")
    return json.loads(done.stdout)


@contextmanager
def drop_in(text: str) -> Iterator[None]:
    """The service, started anew, with something else in its unit for a while."""
    _DROP_IN.parent.mkdir(parents=True, exist_ok=True)
    _DROP_IN.write_text(f"[Service]\n{text}\n")
    try:
        systemctl("daemon-reload")
        systemctl("restart", "bachd")
        yield
    finally:
        _DROP_IN.unlink()
        systemctl("daemon-reload")


class Journal:
    """What bachd writes to the journal from now on."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        command = ["journalctl", "--unit=bachd", "--follow", "--lines=0", "--output=cat"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, pattern: str, after: int) -> None:
        """Wait for a line that comes after so many others. Raises GuestError if there is none in time."""
        expression = re.compile(pattern)
        wait_until(
            lambda: any(map(expression.search, self.lines[after:])), PATIENCE, f"the journal to say {pattern!r}", 0.05
        )

    def close(self) -> None:
        """Read no more."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
