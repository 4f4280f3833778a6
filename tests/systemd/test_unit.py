"""What is installed into systemd, held against systemd's own judgement of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
UNIT = TOP / "systemd" / "bachd.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as if bachd were installed."""
    program = tmp_path / "bachd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/bachd/current/venv/bin/bachd", str(program)))
    return copy


@needs_systemd
def test_systemd_has_no_remarks(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("dependencies", ["no", "yes"])
def test_the_sandbox_is_tight(unit: Path, dependencies: str) -> None:
    """With DefaultDependencies=no systemd does not rate all of it, hence both."""
    unit.write_text(unit.read_text().replace("DefaultDependencies=no", f"DefaultDependencies={dependencies}"))
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_service_is_not_started_again_for_what_only_a_person_can_mend() -> None:
    from bachd.errors import EXIT_CONFIG, EXIT_USAGE

    assert f"RestartPreventExitStatus={EXIT_USAGE} {EXIT_CONFIG}" in UNIT.read_text().splitlines()


def test_the_machine_is_switched_off_for_the_one_exit_code_that_asks_for_it() -> None:
    from bachd.errors import EXIT_SHUTDOWN
    from bachd.service.run import ending

    lines = UNIT.read_text().splitlines()
    assert f"SuccessExitStatus={EXIT_SHUTDOWN}" in lines
    assert any(line.startswith("Environment=") and f"{ending._PROMISE}={EXIT_SHUTDOWN}" in line for line in lines)
    (command,) = [line.partition("=")[2] for line in lines if line.startswith("ExecStopPost=") and "poweroff" in line]
    assert command.startswith("+-/bin/sh -c ")
    for code, called in ((EXIT_SHUTDOWN, True), (0, False), (1, False)):
        script = command.removeprefix("+-/bin/sh -c ").strip("'").replace("systemctl", "echo systemctl")
        done = subprocess.run(
            ["sh", "-c", script], env={"EXIT_STATUS": str(code)}, capture_output=True, text=True, check=True
        )
        assert done.stdout == ("systemctl --no-block poweroff\n" if called else "")


def test_the_watchdog_has_patience_for_the_slowest_music() -> None:
    from bachd.music.event import TICKS
    from bachd.neural.features import LENGTHS

    slowest = 20  # quarter notes a minute, the least that config.yaml takes
    patience = next(line for line in UNIT.read_text().splitlines() if line.startswith("WatchdogSec="))
    assert int(patience.removeprefix("WatchdogSec=")) > 2 * max(LENGTHS) / TICKS * 60 / slowest


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", 64),
        ("install --purge", 64),
        ("uninstall --wheels .", 64),
        ("status here there", 64),
        ("install --wheels", 1),
        ("install --wheels /nowhere", 1),
    ],
)
def test_a_command_line_that_is_wrong_does_nothing_but_say_so(words: str, code: int) -> None:
    done = subprocess.run([TOP / "deploy.sh", *words.split()], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert ("./deploy.sh install" if code == 64 else "--wheels needs a folder") in done.stderr


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root gets that far")
def test_where_systemd_does_not_run_nothing_is_installed() -> None:
    done = subprocess.run([TOP / "deploy.sh", "install"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "deploy: systemd does not run here; './deploy.sh try' plays without it\n"
    assert not Path("/opt/bachd").exists()


def test_who_is_not_root_and_cannot_become_it_is_told_so(tmp_path: Path) -> None:
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    command, programs = [str(TOP / "deploy.sh"), "install"], {"PATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=programs)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "deploy: this needs root, and there is no sudo here: log in as root and run it again\n"
