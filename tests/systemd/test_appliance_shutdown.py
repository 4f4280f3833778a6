"""The machine is switched off by who controls the music, where config.yaml permits it: what systemd starts then.

Named so that it comes before test_deploy.py, which takes bachd away again.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.systemd.container import Container
from tests.systemd.service import CONFIG, write

MARK = "/run/was-switched-off"
_TARGET = "/run/systemd/system/poweroff.target"
_MARKS = "/run/systemd/system/mark.service"
_ASK = """
import urllib.request, urllib.error
request = urllib.request.Request("http://127.0.0.1:8080/api/shutdown", method="POST")
try:
    print(urllib.request.urlopen(request).status)
except urllib.error.HTTPError as refusal:
    print(refusal.code, refusal.read().decode())
"""


@pytest.fixture
def unending(service: Container) -> Iterator[Container]:
    """A machine that notes that it is to be switched off, and goes on."""
    parts = {
        _TARGET: "[Unit]\\nDefaultDependencies=no\\nWants=mark.service\\nAfter=mark.service\\n",
        _MARKS: f"[Unit]\\nDefaultDependencies=no\\n[Service]\\nExecStart=/bin/touch {MARK}\\n",
    }
    for path, text in parts.items():
        service.run("sh", "-c", f"printf '{text}' > {path}")
    service.run("systemctl", "daemon-reload")
    yield service
    service.run("rm", "-f", MARK, *parts)
    service.run("systemctl", "daemon-reload")


def play(machine: Container, permitted: str) -> None:
    write(machine, f"{CONFIG}web: {{shutdown: {permitted}}}\n")
    with machine.journal() as journal:
        machine.run("systemctl", "restart", "bachd")
        journal.until("the page is at")


def test_it_is_switched_off_when_the_music_has_ended(unending: Container) -> None:
    play(unending, "true")
    assert unending.out("python3", "-c", _ASK) == "200"
    unending.run("sh", "-c", f"until [ -e {MARK} ]; do sleep 0.1; done")
    assert unending.show("Result") == "success"
    assert unending.show("ActiveState") == "inactive"  # and is not started again
    assert unending.show("ExecMainStatus") == "79"
    assert "stopped after" in unending.out("journalctl", "--unit=bachd", "--output=cat", "--lines=5")


def test_it_is_not_where_that_is_not_permitted_or_bachd_ends_otherwise(unending: Container) -> None:
    play(unending, "false")
    assert unending.out("python3", "-c", _ASK).startswith("409 ")
    unending.run("systemctl", "stop", "bachd")
    assert unending.run("test", "-e", MARK, check=False).returncode == 1
