"""Notify systemd of the state of the service: ready, alive, reloading, stopping, and a line of status.

Law: a notification costs a system call, never waits and never raises; without a service manager nothing is sent.

The protocol is that of sd_notify(3): datagrams of NAME=VALUE lines, sent to the socket that NOTIFY_SOCKET names.
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


class SystemdNotifier:
    """The socket of the service manager, if there is one. May be used from any thread."""

    def __init__(self, address: str | bytes | None, watched: bool = False) -> None:
        """Send to the manager at `address`, a path or an abstract name; with None, send nothing.

        watched: whether the manager has a watchdog for this process.
        """
        self._address = address
        self._watched = watched
        self._socket = None if address is None else socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if self._socket is not None:
            self._socket.setblocking(False)

    @classmethod
    def from_environment(cls) -> SystemdNotifier:
        """Return a notifier for the manager that started this process; not for one that started its parent."""
        name = os.environ.get("NOTIFY_SOCKET", "")
        if not name.startswith(("/", "@")):
            return cls(None)
        address = b"\0" + os.fsencode(name[1:]) if name.startswith("@") else name
        watched = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(address, watched and os.environ.get("WATCHDOG_USEC", "").strip("0").isdecimal())

    @property
    def is_connected(self) -> bool:
        """Whether there is a manager; that is, whether this process runs as a service."""
        return self._socket is not None

    def ready(self, status: str) -> None:
        """Notify that the music plays, or that a reload has ended, in use or refused; `status` is for people."""
        self._send("READY=1", _status(status))

    def status(self, text: str) -> None:
        """Send a line for people; line breaks in it are replaced."""
        self._send(_status(text))

    def reloading(self) -> None:
        """Notify that the settings are being read again; `ready` has to follow."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Notify that the music ends."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Feed the watchdog: without this for as long as WatchdogSec= says, the manager restarts bachd."""
        if self._watched:
            self._send("WATCHDOG=1")

    def close(self) -> None:
        """Send nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is not None and self._address is not None:
            with contextlib.suppress(OSError):  # a manager that does not listen must not end the music
                self._socket.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)


def _status(text: str) -> str:
    line = printable("; ".join(part for part in text.splitlines() if part.strip()))
    return "STATUS=" + (line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "...")
