"""Start a module of bachd as a child process, read the line that reports it ready, and end it.

Law: a child runs the same bachd and nothing of the working directory; it has a session of its own, so that Ctrl-C
reaches only its parent, and it must end by itself when its stdin, or a socket that it was given, is closed: then it
outlives no parent, however that died. Nothing here waits without a limit.
"""

from __future__ import annotations

import os
import select
import signal
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
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGABRT)
"""What systemd and terminals send to all processes of a service: SIGABRT is its watchdog's."""


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
    folder: Path | None = ...,
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
    folder: Path | None = ...,
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
    folder: Path | None = None,
) -> subprocess.Popen[Any]:
    """Run `python -m module arguments`, but safely. Binary pipes are unbuffered.

    environment: variables to set beside those of this process. folder: its working directory, if not this one's.
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
        cwd=folder,
        env={**inherited(), **(environment or {})},
    )


def command(module: str, *arguments: str | Path) -> list[str | Path]:
    """Return the command that runs a module of this bachd, and imports nothing from the working directory."""
    return [sys.executable, "-P", _ENTRY, module, *arguments]


def inherited() -> dict[str, str]:
    """Return this process's variables but those that systemd set for it alone, and PYTHONPATH without 'here'."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_SERVICE)}
    if entries := variables.pop("PYTHONPATH", ""):
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, entries.split(os.pathsep)))
    return variables


def read_line(process: subprocess.Popen[Any], seconds: float) -> str:
    """Return the next line that a child writes to its stdout; nothing if it ends, or takes longer than so many seconds.

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
    close(process.stdin)
    code = wait(process, seconds)
    close(process.stdout)
    return code


def wait(process: subprocess.Popen[Any], seconds: float) -> int:
    """Give a child so many seconds to end by itself; then kill it. Returns its exit code."""
    with suppress(subprocess.TimeoutExpired):
        if seconds > 0:
            process.wait(seconds)
    if process.poll() is None:
        process.kill()
    return process.wait()


def ignore_signals() -> None:
    """In a child: outlive the signals that end the parent, so that stdin is read to its end."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def close(pipe: IO[Any] | None) -> None:
    """Close one end of a pipe, whatever was buffered for a child that is gone."""
    if pipe is not None:
        with suppress(OSError):  # what was buffered for a child that is gone
            pipe.close()
