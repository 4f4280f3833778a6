"""A machine on which bachd is a service: a container with systemd as it is on a Pi; there is no MIDI in it.

It takes a minute, so it is asked for: BACHD_CONTAINER=bookworm (or trixie) pytest tests/systemd
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.container import SUITES, TOOLS, Container, booted, checkout, missing
from tests.systemd.service import CONFIG, DEPLOY, files, write

SUITE = os.environ.get("BACHD_CONTAINER", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the first test of a session the time to build a Debian."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(1800))


def _reason() -> str:
    """Why there can be no container here; nothing if there can."""
    if SUITE not in SUITES:
        return f"for a container set BACHD_CONTAINER to {' or '.join(SUITES)}"
    if os.geteuid() != 0:
        return "a container needs root"
    if missing(TOOLS):
        return f"a container needs {', '.join(missing(TOOLS))}: apt install systemd-container mmdebstrap"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False).returncode:
        return "a container cannot be made here: root may not make namespaces"
    return ""


@pytest.fixture(scope="session")
def suite() -> str:
    """The Debian that is tried."""
    if reason := _reason():
        pytest.skip(reason)
    return SUITE


@pytest.fixture(scope="session")
def shared(suite: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that the container sees as /host/checkout."""
    folder = tmp_path_factory.mktemp("host")
    checkout(folder)
    return folder


@pytest.fixture(scope="session")
def machine(suite: str, shared: Path) -> Iterator[Container]:
    """A machine that has never seen bachd."""
    with booted(suite, shared) as container:
        yield container


@pytest.fixture(scope="session")
def untouched(machine: Container) -> set[str]:
    """What is on the machine before anything is installed."""
    return files(machine)


@pytest.fixture(scope="session")
def installation(machine: Container, untouched: set[str]) -> str:
    """bachd is installed; what deploy.sh said."""
    machine.run("mkdir", "-p", "/etc/bachd")
    write(machine, CONFIG)
    return machine.run(DEPLOY, "install", "--wheels", "/wheels").stderr


@pytest.fixture
def service(machine: Container, installation: str) -> Container:
    """A machine on which bachd has just been started, with the settings CONFIG."""
    write(machine, CONFIG)
    machine.run("systemctl", "reset-failed", "bachd")
    machine.run("systemctl", "restart", "bachd")
    return machine
