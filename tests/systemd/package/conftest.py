"""A machine for the Debian package alone, and packages of other versions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.container import Container, booted, cache, checkout
from tests.systemd.package.machine import ARCHITECTURE, DEBS, PACKAGING, Repack, apt, know_only_debs, playing
from tests.systemd.service import CONFIG, write


@pytest.fixture(scope="session")
def archive(suite: str) -> Path:
    """A folder with the package of this checkout, and what it needs of Debian's."""
    folder = cache() / f"debs-{suite}"
    for command in ("build", "offline"):
        subprocess.run([PACKAGING / command, suite, ARCHITECTURE, folder], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def shared(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the container sees as /host."""
    folder = tmp_path_factory.mktemp("host")
    checkout(folder)
    shutil.copytree(archive, folder / "debs")
    return folder


@pytest.fixture(scope="session")
def machine(suite: str, shared: Path) -> Iterator[Container]:
    """A machine without a network that has never seen bachd; apt knows of the folder alone."""
    with booted(suite, shared) as container:
        know_only_debs(container)
        yield container


@pytest.fixture(scope="session")
def package(archive: Path) -> Path:
    """The package of this checkout."""
    (found,) = archive.glob("bachd_*.deb")
    return found


@pytest.fixture(scope="session")
def repack(package: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Repack:
    """Make another package: repack(VERSION, added to daemon.py); returns where the container sees it."""

    def make(version: str, added: str = "", suite: str = "") -> str:
        tree = tmp_path_factory.mktemp("tree") / "deb"
        subprocess.run(["dpkg-deb", "--raw-extract", package, tree], check=True)
        for path, pattern, new in (
            (tree / "DEBIAN/control", r"(?m)^Version: .*$", f"Version: {version}"),
            (tree / "usr/lib/bachd/release", r".*", version),
            (tree / "DEBIAN/preinst", r"!= \w+ \]; then", f"!= {suite} ]; then" if suite else r"\g<0>"),
        ):
            path.write_text(re.sub(pattern, new, path.read_text(), count=1))
        (daemon,) = tree.glob("usr/lib/bachd/venv/lib/python3*/site-packages/bachd/service/daemon.py")
        daemon.write_text(daemon.read_text() + added)
        made = shared / f"bachd_{version}.deb"
        subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "--build", tree, made], check=True)
        return f"/host/{made.name}"

    return make


@pytest.fixture(scope="session")
def installed(machine: Container) -> str:
    """It is installed as anybody would; what apt said."""
    machine.run("mkdir", "-p", "/etc/bachd")
    write(machine, CONFIG)
    return apt(machine, "install", "bachd")


@pytest.fixture
def service(machine: Container, installed: str, shared: Path, package: Path) -> Container:
    """The package of this checkout is installed, and plays, with the settings CONFIG."""
    write(machine, CONFIG)
    if playing(machine) != machine.out("cat", "/usr/lib/bachd/release") or machine.show("ActiveState") != "active":
        apt(machine, "install", f"{DEBS}/{package.name}")
    return machine
