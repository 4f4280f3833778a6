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


def test_a_display_needs_neither_a_keyboard_nor_a_card_that_renders(tmp_path: Path) -> None:
    for name, text in {
        "bachd": "echo 'page      http://127.0.0.1:8080/'",
        "chromium": "exit 1",
        "cage": 'echo "$WLR_LIBINPUT_NO_DEVICES ${WLR_RENDERER:-} $2 $3"',
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    given = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    given |= {
        "BACHD": str(tmp_path / "bachd"),
        "STATE_DIRECTORY": str(tmp_path / "state"),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    said = subprocess.run([KIOSK, "score"], capture_output=True, text=True, check=True, env=given).stdout
    renderer = "" if list(Path("/dev/dri").glob("renderD*")) else "pixman"
    assert said == f"1 {renderer} -- {tmp_path}/chromium\n"
    assert "http://127.0.0.1:8080/#stage=score" in (tmp_path / "state/open.html").read_text()


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
