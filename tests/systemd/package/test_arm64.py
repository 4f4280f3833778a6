"""The Debian package of a Raspberry Pi, on this machine: its processor is emulated, and no systemd runs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachd.music import midifile
from tests.systemd.container import Container, booted, cache
from tests.systemd.package.machine import DEBS, PACKAGING, apt, know_only_debs, others, playing
from tests.systemd.service import CONFIG, SETTINGS, files, write

EMULATION = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
"""What the kernel starts programs for 64-bit ARM with; 'F' among its flags: inside a container, too."""


def _reason() -> str:
    """Why there can be no such machine here; nothing if there can."""
    if os.uname().machine == "aarch64":
        return "the other tests have the package for this processor"
    try:
        text = EMULATION.read_text(encoding="ascii")
    except OSError:
        return "nothing emulates 64-bit ARM here: apt install qemu-user-static binfmt-support"
    flags = next(line for line in text.splitlines() if line.startswith("flags:"))
    return "" if text.startswith("enabled") and "F" in flags else f"{EMULATION} says: {text.splitlines()[0]}, {flags}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the machine sees as /host."""
    return tmp_path_factory.mktemp("arm64")


@pytest.fixture(scope="module")
def pi(suite: str, folder: Path) -> Iterator[Container]:
    """A machine for 64-bit ARM that has never seen bachd, and the package beside it."""
    if reason := _reason():
        pytest.skip(reason)
    archive = cache() / f"debs-{suite}-arm64"
    for command in ("build", "offline"):
        subprocess.run([PACKAGING / command, suite, "arm64", archive], check=True, stdout=subprocess.DEVNULL)
    shutil.copytree(archive, folder / "debs")
    with booted(suite, folder, arch="arm64") as container:
        # LiteRT's look at the processor ends in a crash where this folder describes another kind.
        container.run("mount", "-t", "tmpfs", "none", "/sys/devices/system/cpu")
        know_only_debs(container)
        yield container


def test_it_is_installed_composes_and_leaves_nothing(pi: Container, folder: Path) -> None:
    assert pi.out("uname", "-m") == "aarch64"
    pi.run("mkdir", "-p", "/etc/bachd")
    write(pi, CONFIG)
    apt(pi, "install", *others(pi))
    before = files(pi)
    pi.run("sh", "-c", f"dpkg -i {DEBS}/bachd_*.deb")
    assert pi.out("dpkg-query", "-W", "-f", "${db:Status-Status}", "bachd") == "installed"
    assert playing(pi) == pi.out("cat", "/usr/lib/bachd/release")
    pi.run("bachd", "check", "--config", SETTINGS)
    pi.run("bachd", "render", "/host/piece.mid", "--bars", "4", "--rng", "7")
    piece = midifile.read((folder / "piece.mid").read_bytes(), "piece.mid")
    assert len(piece.events) > 4
    apt(pi, "purge", "bachd")
    left = {path for path in files(pi) - before if "/dpkg/" not in path}
    assert left == set()
    assert pi.run("getent", "passwd", "bachd", check=False).returncode == 2
