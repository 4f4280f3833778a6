"""What starts the page on a display: its refusals, and its unit. The display itself is tested in tests/page."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import bachd

TOP = Path(bachd.__file__).parents[1]
KIOSK = TOP / "systemd" / "kiosk"
UNIT = TOP / "systemd" / "bachd-kiosk.service"


def test_what_is_wrong_is_said_in_a_line(tmp_path: Path) -> None:
    told = subprocess.run([KIOSK, "rollscore"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (64, "kiosk: 'rollscore' is neither roll nor score\n")
    quiet = tmp_path / "bachd"
    quiet.write_text("#!/bin/sh\necho 'page      none'\n")
    quiet.chmod(0o755)
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    given = {**os.environ, "BACHD": str(quiet), "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    told = subprocess.run([KIOSK], capture_output=True, text=True, check=False, env=given)
    assert (told.returncode, told.stderr) == (
        69,
        "kiosk: the page is off: set web.listen in /etc/bachd/config.yaml\n",
    )


def test_deploy_says_what_a_kiosk_needs() -> None:
    deploy = TOP / "deploy.sh"
    told = subprocess.run([deploy, "kiosk", "films"], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "kiosk: 'films' is not known" in told.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_no_remarks(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/bachd/current/systemd/kiosk", str(KIOSK)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
