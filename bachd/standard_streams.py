"""Keep a standard stream that is closed or full from becoming a traceback, or Python's exit code 120.

Law: what becomes of a terminal, or of the program at the other end of a pipe, never ends what plays; the exit code is
always one of those in the README.

Python flushes stdout and stderr as it ends. Where that fails (EPIPE: the reader has left; EIO: the terminal has been
closed; ENOSPC: the disk is full), it exits with 120 whatever the program returned, so both are flushed here before.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from pathlib import Path
from typing import Final, TextIO

from bachd.errors import EXIT_OK, EXIT_UNAVAILABLE

_LEFT: Final = (errno.EPIPE, errno.EIO, errno.ECONNRESET)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def open_missing() -> None:
    """Open what this process was started without, so that no other file gets the descriptor of a standard stream."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  (it stays open)


def print_error(text: str) -> None:
    """Print to stderr, if anybody still reads it."""
    try:
        print(text, file=sys.stderr, flush=True)  # noqa: T201  (an error is for people)
    except OSError:
        _discard(sys.stderr)


def exit_code_for(fault: OSError) -> int | None:
    """The exit code where writing to a standard stream raised `fault`, which is reported; None for any other OSError.

    That the reader has had enough, as `head` has, is no failure.
    """
    if fault.errno in _LEFT and fault.filename is None and any(map(_has_no_reader, (sys.stdout, sys.stderr))):
        return EXIT_OK
    if fault.errno in _FULL and fault.filename is None:
        _discard(sys.stdout)
        print_error(f"bachd: the output cannot be written: {fault.strerror}")
        return EXIT_UNAVAILABLE
    return None


def close(code: int) -> int:
    """Flush the standard streams before Python does; returns the exit code, `code` unless output was lost."""
    try:
        sys.stdout.flush()
    except OSError as fault:
        failed = exit_code_for(fault)
        _discard(sys.stdout)
        if code == EXIT_OK and failed is not None:
            code = failed
    try:
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)
    return code


def _has_no_reader(stream: TextIO) -> bool:
    """Return whether a stream is a pipe, a socket or a terminal whose other end is closed."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(events & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _, events in poll.poll(0))
    except (OSError, ValueError):  # in a test a stream may have no descriptor
        return False


def _discard(stream: TextIO) -> None:
    """Let what a stream could not write, and all that it is given later, go nowhere."""
    try:
        number = stream.fileno()
    except (OSError, ValueError, io.UnsupportedOperation):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
