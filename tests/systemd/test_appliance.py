"""The service, while nothing goes wrong: it plays, says so, takes new settings, and stops."""

from __future__ import annotations

import sys

import pytest

from tests.systemd.container import Container
from tests.systemd.service import CONFIG, DEPLOY, SETTINGS, write


def test_it_plays_once_it_is_installed(machine: Container, installation: str) -> None:
    steps = installation.splitlines()
    assert any(step.startswith("deploy: building ") for step in steps)
    assert steps[-1].startswith("deploy: bachd ")
    assert " plays: " in steps[-1]
    assert machine.show("ActiveState") == "active"
    assert machine.show("StatusText") in steps[-1]
    assert machine.show("UnitFileState") == "enabled"
    assert machine.out("cat", SETTINGS) == CONFIG.strip()
    assert "output: auto" in machine.out("cat", f"{SETTINGS}.new")


def test_systemd_has_no_remarks_and_rates_it_safe(
    service: Container, capsys: pytest.CaptureFixture[str], suite: str
) -> None:
    verified = service.run("systemd-analyze", "verify", "--man=no", "bachd.service")
    assert verified.stdout + verified.stderr == ""
    rating = service.run("systemd-analyze", "security", "--threshold=20", "bachd.service")
    with capsys.disabled():
        sys.stdout.write(f"\n{suite}: {rating.stdout.splitlines()[-1].strip()}\n")


def test_status_says_what_plays(service: Container) -> None:
    said = service.out(DEPLOY, "status")
    assert "service   running since " in said
    assert service.show("StatusText") in said


def test_new_settings_come_into_use_without_a_new_start(service: Container) -> None:
    before = service.show("MainPID")
    with service.journal() as journal:
        write(service, CONFIG.replace("240", "1200"))
        service.run("systemctl", "reload", "bachd")
        journal.until("config refused.*tempo: 1200 is not between 20 and 300")
        write(service, CONFIG.replace("240", "300"))
        service.run("systemctl", "reload", "bachd")
        journal.until("^in use from this bar on: tempo")
    assert service.show("MainPID") == before
    assert service.show("ActiveState") in ("active", "reloading")


def test_faulty_settings_are_not_tried_again_if_none_were_good_before(service: Container) -> None:
    write(service, "tempo: 1200\n")
    service.run("rm", "/var/lib/bachd/config.last.json")
    with service.journal() as journal:
        assert service.run("systemctl", "restart", "bachd", check=False).returncode != 0
        journal.until("tempo: 1200 is not between 20 and 300")
    assert service.show("ActiveState") == "failed"
    assert (service.show("ExecMainStatus"), service.show("NRestarts")) == ("78", "0")


@pytest.mark.parametrize(
    "wreck", ["tempo: 1200\n", "", "tempo: 90\nmidi: {output: [no"], ids=["faulty", "empty", "half"]
)
def test_settings_that_a_power_cut_or_a_slip_has_ruined_do_not_keep_it_from_playing(
    service: Container, wreck: str
) -> None:
    """A loss of power while saving leaves an empty file, or half of one; then the machine boots."""
    service.run("sh", "-c", "until test -s /var/lib/bachd/config.last.json; do sleep 0.1; done")  # once it has played
    service.run("systemctl", "stop", "bachd")
    with service.journal() as journal:
        write(service, wreck)
        service.run("systemctl", "start", "bachd")
        said = journal.until("config.yaml is empty or gone" if not wreck else "^config refused, .*config.yaml:")
    assert any(line.startswith("playing bwv269 at 240 bpm") for line in said), said
    assert service.show("ActiveState") in ("active", "reloading")


def test_the_page_is_reached_and_saves_into_the_settings(service: Container) -> None:
    asked = """
import json, sys, time, urllib.request
def ask(path, method="GET", body=None):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:8080{path}", body, headers, method=method)
    return json.load(urllib.request.urlopen(request))
until = time.monotonic() + 60
while True:
    try:
        assert ask("/health")["playing"]
        break
    except OSError:
        if time.monotonic() > until:
            raise
ask("/api/settings", "PATCH", b'{"tempo": 222}')
ask("/api/settings/save", "POST", b"")
"""
    service.run("python3", "-c", asked)
    assert service.out("cat", SETTINGS) == CONFIG.replace("240", "222").strip()
