"""deploy.sh kiosk on a machine with bachd: what it refuses, what it brings, and that it takes it away again.

Named so that it comes before test_deploy.py, which takes bachd away again. The display itself is tested in tests/page.

With Debian's packages, from the archive, it takes two minutes: BACHD_CONTAINER_NETWORK=1 besides BACHD_CONTAINER.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.container import Container, booted
from tests.systemd.service import CONFIG, DEPLOY, files, write

UNIT = "/etc/systemd/system/bachd-kiosk.service"


def kiosk(machine: Container, *words: str) -> tuple[int, str]:
    """Run `deploy.sh kiosk`; its exit status, and the last line that it said."""
    done = machine.run(DEPLOY, "kiosk", *words, check=False)
    return done.returncode, done.stderr.splitlines()[-1].removeprefix("deploy: ")


def test_what_is_not_there_cannot_be_taken_away(service: Container) -> None:
    assert kiosk(service, "--off") == (1, "there is no kiosk on this machine")


def test_without_the_packages_it_says_so_and_nothing_is_left(service: Container) -> None:
    service.run(
        "mv", "/etc/apt/sources.list", "/etc/apt/sources"
    )  # where no network is, apt waits for its name servers
    before = files(service)
    try:
        said = (1, "apt-get could not install cage xwayland chromium; see above")
        assert kiosk(service) == kiosk(service, "score") == said
    finally:
        service.run("mv", "/etc/apt/sources", "/etc/apt/sources.list")
    left = {path for path in files(service) ^ before if "/apt" not in path}
    assert left == set()
    assert service.show("ActiveState") == "active"


def test_a_desktop_keeps_its_display(service: Container) -> None:
    unit = "/run/systemd/system/display-manager.service"
    service.run("sh", "-c", f"printf '[Service]\\nExecStart=sleep inf\\n' > {unit} && systemctl start display-manager")
    try:
        code, said = kiosk(service)
        assert code == 1
        assert said.startswith("a desktop has the display; open http://127.0.0.1:8080/#stage")
    finally:
        service.run("systemctl", "stop", "display-manager")
        service.run("rm", unit)


@pytest.fixture(scope="module")
def online(suite: str, tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Iterator[Container]:
    """A machine with bachd whose apt has the archive."""
    if not os.environ.get("BACHD_CONTAINER_NETWORK"):
        pytest.skip("for a container with a network set BACHD_CONTAINER_NETWORK")
    folder = tmp_path_factory.mktemp("online")
    (folder / "checkout").symlink_to("/shared/checkout")
    with booted(suite, folder, f"--bind-ro={shared}:/shared", network=True) as machine:
        machine.run("mkdir", "-p", "/etc/bachd")
        write(machine, f"{CONFIG}web: null\n")
        machine.run(DEPLOY, "install", "--wheels", "/wheels")
        yield machine


def test_it_brings_what_it_needs_and_takes_all_of_its_own_away(online: Container) -> None:
    nothing_yet = "there is no display here yet; with one, it starts at the next boot"
    assert kiosk(online) == (0, nothing_yet)
    for program in ("cage", "Xwayland", "chromium"):
        online.run("which", program)
    assert " roll\n" in online.run("grep", "^ExecStart=", UNIT).stdout
    assert online.out("systemctl", "is-enabled", "bachd-kiosk") == "enabled"
    assert {"audio", "video", "render", "input"} < set(online.out("id", "-nG", "bachd-kiosk").split())
    before = files(online)
    assert kiosk(online, "score") == (0, nothing_yet)
    assert files(online) == before
    assert " score\n" in online.run("grep", "^ExecStart=", UNIT).stdout
    assert kiosk(online, "--off") == (0, "the display is free again; what apt-get installed is still here")
    assert {path for path in before - files(online) if "bachd" in path} >= {UNIT}
    assert online.run("getent", "passwd", "bachd-kiosk", check=False).returncode == 2
    assert kiosk(online, "--off") == (1, "there is no kiosk on this machine")
    assert online.show("ActiveState") == "active"
