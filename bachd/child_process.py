"""Start a module of bachd as a child process, read the line in which it says that it is ready, and end it.

Law: a child runs the same bachd and nothing of the working directory; it has a session of its own, so that Ctrl-C
reaches only its parent, and it must end by itself when its stdin, or a socket that it was given, is closed: then it
outlives no parent, however that died. Nothing here waits without a limit.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final, Literal, overload

_ENTRY: Final = str(Path(__file__).with_name("child_main.py"))
_SERVICE: Final = ("LISTEN_", "NOTIFY_", "WATCHDOG_")
"""Beginnings of what systemd sets for the service's main process alone."""


@overload
def start(
    module: str,
    *arguments: str | Path,
    stdin: int = ...,
    stdout: int = ...,
    stderr: int | None = ...,
    text: Literal[False] = ...,
    pass_fds: Sequence[int] = ...,
    environment: Mapping[str, str] | None = ...,
) -> subprocess.Popen[bytes]: ...


@overload
def start(
    module: str,
    *arguments: str | Path,
    stdin: int = ...,
    stdout: int = ...,
    stderr: int | None = ...,
    text: Literal[True],
    pass_fds: Sequence[int] = ...,
    environment: Mapping[str, str] | None = ...,
) -> subprocess.Popen[str]: ...


def start(
    module: str,
    *arguments: str | Path,
    stdin: int = subprocess.PIPE,
    stdout: int = subprocess.PIPE,
    stderr: int | None = subprocess.DEVNULL,
    text: bool = False,
    pass_fds: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[Any]:
    """Run `python -m module arguments`, but safely. Binary pipes are unbuffered.

    environment: variables to set beside those of this process.
    """
    return subprocess.Popen(
        command(module, *arguments),
        bufsize=-1 if text else 0,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        text=text,
        pass_fds=pass_fds,
        start_new_session=True,
        env={**inherited(), **(environment or {})},
    )


def command(module: str, *arguments: str | Path) -> list[str | Path]:
    """The command that runs a module of this bachd, and imports nothing from the working directory."""
    return [sys.executable, "-P", _ENTRY, module, *arguments]


def inherited() -> dict[str, str]:
    """This process's variables, but for what systemd told it alone; an empty entry of PYTHONPATH means 'here'."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_SERVICE)}
    if entries := variables.pop("PYTHONPATH", ""):
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, entries.split(os.pathsep)))
    return variables


def read_line(process: subprocess.Popen[Any], seconds: float) -> str:
    """The next line that a child writes to its stdout; nothing if it ends, or takes longer than so many seconds.

    Reads not a byte more than the line, whatever kind of pipe it is.
    """
    assert process.stdout is not None
    number, deadline = process.stdout.fileno(), monotonic() + seconds
    poll = select.poll()
    poll.register(number, select.POLLIN)
    line = b""
    while not line.endswith(b"\n"):
        left = deadline - monotonic()
        if left <= 0 or not poll.poll(1e3 * left) or not (byte := os.read(number, 1)):
            return ""
        line += byte
    return line.decode(errors="replace").strip()


def end(process: subprocess.Popen[Any], seconds: float = 0.0) -> int:
    """Close a child's pipes and give it so many seconds to end by itself; then kill it. Returns its exit code."""
    _close(process.stdin)
    with suppress(subprocess.TimeoutExpired):
        if seconds > 0:
            process.wait(seconds)
    if process.poll() is None:
        process.kill()
    code = process.wait()
    _close(process.stdout)
    return code


def _close(pipe: IO[Any] | None) -> None:
    if pipe is not None:
        with suppress(OSError):  # what was buffered for a child that is gone
            pipe.close()
