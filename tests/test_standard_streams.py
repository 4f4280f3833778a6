"""What becomes of the commands when nobody reads their output any more, in the environment of a bare login."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from bachd.errors import EXIT_CONFIG, EXIT_OK, EXIT_UNAVAILABLE, EXIT_USAGE
from tests import lines

TOP: Final = Path(__file__).parents[1]
SETTINGS: Final = "tempo: 240\nseed: {piece: bwv269, rng: 5}\nmidi: {output: 'file:out.mid'}\nweb: null\n"
BACHD: Final = (sys.executable, "-m", "bachd")
TRAIN: Final = (sys.executable, "-m", "bachd.training.cli")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of `env -i`, but for where bachd is; no PYTHONUNBUFFERED, which would hide a failed flush."""
    (tmp_path / "config.yaml").write_text(SETTINGS)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(TOP),
        "RUNTIME_DIRECTORY": str(tmp_path),
    }


def closed_pipe() -> int:
    """The end of a pipe to write to, which nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def closed_terminal() -> int:
    """A terminal whose window has been closed."""
    ours, theirs = pty.openpty()
    os.close(ours)
    return theirs


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


COMMANDS: Final = [
    ((*BACHD, "--help"), EXIT_OK),
    ((*BACHD, "run", "--events", "3"), EXIT_OK),
    ((*BACHD, "run", "--bogus"), EXIT_USAGE),
    ((*BACHD, "render", "out.mid", "--bars", "1"), EXIT_OK),
    ((*BACHD, "ports", "--json"), EXIT_OK),
    ((*BACHD, "check", "--config", "missing.yaml"), EXIT_CONFIG),
    ((*BACHD, "status"), EXIT_UNAVAILABLE),
    ((*TRAIN, "--help"), EXIT_OK),
    ((*TRAIN, "fit"), EXIT_USAGE),
]
NAMES: Final = [" ".join(command[2:]) for command, _ in COMMANDS]


@pytest.mark.parametrize(("command", "code"), COMMANDS, ids=NAMES)
@pytest.mark.parametrize(
    ("gone", "stream"), [(closed_pipe, "stdout"), (closed_pipe, "stderr"), (closed_terminal, "both")]
)
def test_a_reader_that_has_left_changes_no_exit_code(
    bare: dict[str, str], tmp_path: Path, command: tuple[str, ...], code: int, gone: object, stream: str
) -> None:
    number = gone()  # type: ignore[operator]
    streams: dict[str, Any] = {
        name: number if stream in (name, "both") else subprocess.DEVNULL for name in ("stdout", "stderr")
    }
    try:
        done = subprocess.run(command, cwd=tmp_path, env=bare, check=False, **streams)
    finally:
        os.close(number)
    assert done.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("command", [(*BACHD, "ports", "--json"), (*BACHD, "check")])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_is_lost_to_a_full_disk_is_a_failure(
    bare: dict[str, str], tmp_path: Path, command: tuple[str, ...], unbuffered: str
) -> None:
    number = full_disk()
    environment = {**bare, "PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, stdout=number, stderr=subprocess.PIPE, text=True
    )
    os.close(number)
    assert done.returncode == EXIT_UNAVAILABLE
    assert done.stderr == "bachd: the output cannot be written: No space left on device\n"


def test_the_music_goes_on_when_the_reader_of_the_log_leaves(bare: dict[str, str], tmp_path: Path) -> None:
    command = (*BACHD, "run", "--events", "12")
    with subprocess.Popen(command, cwd=tmp_path, env=bare, stderr=subprocess.PIPE, text=True) as process:
        lines.until(process.stderr, "playing bwv269")
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait() == EXIT_OK
    assert (tmp_path / "out.mid").stat().st_size > 0
