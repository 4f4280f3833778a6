"""What the service manager is told: ready, alive, reloading, and a line for people to read.

Law: telling costs a system call, never waits and never raises; where nobody listens, nothing is said.

It is systemd's protocol (see sd_notify(3)): datagrams of NAME=VALUE lines, sent to the socket NOTIFY_SOCKET names.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Final

from bachd.printable import printable

_LONGEST: Final = 900
"""Characters of status: even if each took four bytes, systemd would not cut the datagram, which is at 4096."""


class Notifier:
    """The way to the service manager, if there is one. May be used from any thread."""

    def __init__(self, address: str | bytes | None, watched: bool = False) -> None:
        """Tell the manager that listens at `address`, a path or an abstract name; with None nobody is told.

        watched: whether the manager waits for signs of life.
        """
        self._address = address
        self._watched = watched
        self._socket = None if address is None else socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if self._socket is not None:
            self._socket.setblocking(False)

    @classmethod
    def from_environment(cls) -> Notifier:
        """The manager that started this process; of one that started its parent, only the parent should speak."""
        name = os.environ.get("NOTIFY_SOCKET", "")
        if not name.startswith(("/", "@")):
            return cls(None)
        address = b"\0" + os.fsencode(name[1:]) if name.startswith("@") else name
        watched = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, watched and os.environ.get("WATCHDOG_USEC", "").strip("0").isdecimal())

    @property
    def heard(self) -> bool:
        """Whether there is a manager to tell; that is, whether this process runs as a service."""
        return self._socket is not None

    def ready(self, status: str) -> None:
        """The music plays, or what was being reloaded is in use or has been refused; `status` is for people."""
        self._tell("READY=1", _status(status))

    def status(self, text: str) -> None:
        """A line for people; line breaks in it are replaced."""
        self._tell(_status(text))

    def reloading(self) -> None:
        """The settings are being read anew; `ready` has to follow."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The music ends."""
        self._tell("STOPPING=1")

    def alive(self) -> None:
        """The music has moved on. Without this for as long as WatchdogSec= says, the manager starts bachd anew."""
        if self._watched:
            self._tell("WATCHDOG=1")

    def close(self) -> None:
        """Say nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, *lines: str) -> None:
        if self._socket is not None and self._address is not None:
            with contextlib.suppress(OSError):  # a manager that does not listen must not end the music
                self._socket.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)


def _status(text: str) -> str:
    line = printable("; ".join(part for part in text.splitlines() if part.strip()))
    return "STATUS=" + (line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "...")
