"""A Debian of its own with systemd as its first process, in which bachd is installed as on a Pi, without a network.

Law: what a container changes is gone with it; nothing waits for a time, only for what systemd or the journal says.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

TOP: Final = Path(__file__).parents[2]
SUITES: Final = {"bookworm": ("3.11", 36, "libasound2"), "trixie": ("3.13", 41, "libasound2t64")}
"""The Debians that Raspberry Pi OS is made from: Python, the minor version of glibc, ALSA's library."""
PACKAGES: Final = "systemd,systemd-sysv,dbus,udev,kmod,python3,python3-venv,openssh-server,rsync,sudo"
MACHINE: Final = os.uname().machine
TOOLS: Final = ("systemd-nspawn", "mmdebstrap", "nsenter")
PATIENCE: Final = 900.0
"""Seconds after which what hangs is ended, so that the test fails instead of waiting for ever."""

_RECIPE: Final = "1"
"""Another one when the root file system is built otherwise, so that it is built anew."""
_CLEAN: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


def cache() -> Path:
    """Where root file systems and wheels are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "bachd-systemd")


def root(suite: str, more: str = "", arch: str = "") -> Path:
    """The root file system of a suite; built if it is not there. Takes a minute or two then, and a network.

    more: other packages that are in it, with commas between them. arch: of other processors than this machine's, which
    are emulated; that takes some minutes more.
    """
    name = "-".join(filter(None, (suite, arch, more.replace(",", "-"))))
    folder, stamp = cache() / name, cache() / f"{name}.stamp"
    _, _, alsa = SUITES[suite]
    packages = f"{PACKAGES},{alsa}" + (f",{more}" if more else "")
    recipe = f"{_RECIPE} {packages}"
    if not stamp.exists() or stamp.read_text() != recipe:
        for leftover in (folder, folder.with_suffix(".part")):
            shutil.rmtree(leftover, ignore_errors=True)
        cache().mkdir(parents=True, exist_ok=True)
        slim = [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("man", "doc", "locale")]
        command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--components=main", *slim]
        command += [f"--architectures={arch}"] if arch else []
        command += [f"--include={packages}", suite, str(folder.with_suffix(".part")), _mirror()]
        subprocess.run(command, check=True)
        folder.with_suffix(".part").rename(folder)
        stamp.write_text(recipe)
    return folder


def _mirror() -> str:
    """The archive that this machine's own apt uses."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return next(iter(done.stdout.split()), "http://deb.debian.org/debian")


def wheels(suite: str, machine: str = MACHINE) -> Path:
    """A folder with all that bachd needs on a suite's Python, and what it is made with; filled if it is not."""
    python, glibc, _ = SUITES[suite]
    there = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "platform_machine": machine,
        "sys_platform": "linux",
        "implementation_name": "cpython",
    }
    listed = (TOP / "systemd" / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    pinned = [line.partition(" --hash")[0] for line in listed if line and not line.startswith("#")]
    wanted = [
        f"{each.name}{each.specifier}"
        for each in map(Requirement, pinned)
        if each.marker is None or each.marker.evaluate(there)
    ]
    folder = cache() / (f"wheels-{suite}" if machine == MACHINE else f"wheels-{suite}-{machine}")
    stamp = folder / "stamp"
    if not stamp.exists() or stamp.read_text() != "\n".join(wanted):
        shutil.rmtree(folder, ignore_errors=True)
        # pip takes each platform literally: a machine with glibc 2.36 takes wheels for all older ones, too.
        platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(glibc, 16, -1)] + [f"manylinux2014_{machine}"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest", str(folder)]
        command += ["--implementation", "cp", "--python-version", python]
        command += [f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3", "none")]
        command += [f"--platform={platform}" for platform in platforms]
        subprocess.run([*command, "--no-deps", *wanted], check=True)
        stamp.write_text("\n".join(wanted))
    return folder


def checkout(folder: Path) -> Path:
    """A copy of this checkout in `folder`, without what git ignores."""
    copy = folder / "checkout"
    ignored = ("__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "tests")
    for each in ("bachd", "models", "systemd"):
        shutil.copytree(TOP / each, copy / each, ignore=shutil.ignore_patterns(*ignored))
    for each in ("config.yaml", "deploy.sh", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy2(TOP / each, copy)
    return copy


class Container:
    """A running one. Commands are run in it as root."""

    def __init__(self, leader: int) -> None:
        self._into = ["nsenter", f"--target={leader}", "--all", "--root", "--wd", "--"]

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; with `check` it must succeed."""
        done = subprocess.run(
            [*self._into, *command],
            capture_output=True,
            text=True,
            env=_CLEAN,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{command} left with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def out(self, *command: str) -> str:
        """What a command prints."""
        return self.run(*command).stdout.strip()

    def show(self, what: str) -> str:
        """A property of bachd's unit."""
        return self.out("systemctl", "show", "--property", what, "--value", "bachd")

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """What bachd's journal says from now on."""
        cursor = self.out("journalctl", "--lines=1", "--quiet", "--show-cursor", "--output=cat").splitlines()[-1]
        after = "--after-cursor=" + cursor.removeprefix("-- cursor: ")
        command = [*self._into, "journalctl", "--unit=bachd", "--follow", "--output=cat", after]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_CLEAN) as process:
            guard = threading.Timer(PATIENCE, process.kill)
            guard.start()
            try:
                yield Journal(process)
            finally:
                guard.cancel()
                process.kill()


class Journal:
    """A journal that is followed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.lines: list[str] = []

    def until(self, pattern: str) -> list[str]:
        """Wait for a line; returns all up to it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))
            if re.search(pattern, line):
                return self.lines
        raise AssertionError(f"never said {pattern!r}, but:\n" + "\n".join(self.lines))


@contextmanager
def booted(
    suite: str, shared: Path, *more: str, having: str = "", network: bool = False, arch: str = ""
) -> Iterator[Container]:
    """Boot a container of this suite; `shared` is /host inside.

    more: options of systemd-nspawn. having: other packages that are in it, with commas between them. network: it shares
    this machine's, and how its apt reaches the archive. arch: of a processor that is emulated; systemd is not, so
    nothing is booted in it.
    """
    address = shared / "booted"
    address.unlink(missing_ok=True)  # of another one
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(address))
        listening.settimeout(PATIENCE)
        command = ["systemd-nspawn", "--quiet", f"--directory={root(suite, having, arch)}", "--volatile=overlay"]
        command += ["--register=no", "--keep-unit", "--console=pipe"]
        command += [f"--machine=bachd-{os.getpid()}", f"--bind={shared}:/host", f"--bind-ro={wheels(suite)}:/wheels"]
        command += ["--bind-ro=/etc/apt/apt.conf.d"] if network else ["--private-network"]
        command += more
        command += ["--as-pid2", "sleep", "infinity"] if arch else ["--boot", "--notify-ready=yes"]
        environment = os.environ | {"NOTIFY_SOCKET": str(address), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        with (shared / "console").open("wb") as console:
            process = subprocess.Popen(command, env=environment, stderr=console, **streams)
        try:
            leader = _leader(listening)
            listening.close()  # what is told from now on nobody reads, and systemd-nspawn would wait for room
            yield Container(leader)
            os.kill(leader, signal.SIGKILL)  # nothing in it is worth an orderly end
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait(PATIENCE)


def _leader(listening: socket.socket) -> int:
    """The first process of the container, once it has booted: systemd-nspawn says both."""
    told: dict[str, str] = {}
    while told.get("READY") != "1":
        told |= dict(line.split("=", 1) for line in listening.recv(4096).decode().splitlines())
    return int(told["X_NSPAWN_LEADER_PID"])


def missing(names: Sequence[str] = TOOLS) -> list[str]:
    """Which programs are not installed here."""
    return [name for name in names if shutil.which(name) is None]
