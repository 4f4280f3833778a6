"""Serve the status of a running bachd on a local socket, and request it.

Law: a request does not disturb the music, and the music plays whether or not the socket can be opened.

Each connection gets one JSON object, a `Snapshot`, and is closed.
"""

from __future__ import annotations

import asyncio
import grp
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bachd.errors import StatusError
from bachd.printable import printable
from bachd.realtime.lateness import Summary
from bachd.service.telemetry import addresses
from bachd.service.telemetry.snapshot import Snapshot

SYSTEM: Final = Path("/run/bachd")
"""Where systemd makes the service's RUNTIME_DIRECTORY."""
UNIT: Final = "bachd.service"
PATIENCE: Final = 3.0
"""Seconds for an answer."""

_NAME: Final = "status"
_GROUP: Final = "audio"
"""Its members may play MIDI, and ask for the status."""


class StatusServer:
    """The status socket of a daemon; answers in its event loop."""

    def __init__(self, path: Path, snapshot: Callable[[], Snapshot]) -> None:
        """Opens nothing yet. `snapshot` is called in the event loop, once for each request."""
        self._path = path
        self._snapshot = snapshot
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left by a dead daemon is replaced.

        Raises StatusError if another daemon answers there already, or the folder cannot be written to.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if _alive(self._path):
                raise StatusError(f"another bachd answers at {self._path}; 'bachd status' will show that one")
            self._server = await asyncio.start_unix_server(self._answer, sock=_listening(self._path))
        except OSError as fault:
            raise StatusError(f"'bachd status' will not work: {self._path}: {fault.strerror or fault}") from None

    def close(self) -> None:
        """Stop answering. Does nothing if `start` was not called, or raised."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink(missing_ok=True)

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(json.dumps(self._snapshot()).encode() + b"\n")
            writer.close()
            await writer.wait_closed()
        except OSError:  # the client has gone
            pass
        except asyncio.CancelledError:  # the run ends; asyncio puts a traceback into the log if that is passed on
            writer.transport.abort()


def _listening(path: Path) -> socket.socket:
    """Return a socket at `path` that has its permissions from the moment it appears."""
    nascent = path.with_name(f"{path.name}.{os.getpid()}")
    nascent.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(nascent))
        nascent.chmod(0o660)
        with suppress(LookupError, PermissionError):
            if nascent.stat().st_gid != grp.getgrnam(_GROUP).gr_gid:  # a sandbox may kill a needless change
                shutil.chown(nascent, group=_GROUP)
        nascent.rename(path)
    except OSError:
        listener.close()
        nascent.unlink(missing_ok=True)
        raise
    return listener


def _alive(path: Path) -> bool:
    """Return whether a process listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def socket_path() -> Path:
    """Return the path of the socket of a daemon started in this environment."""
    given = os.environ.get("RUNTIME_DIRECTORY")  # systemd gives several with colons between them
    return Path(given.split(":")[0]) / _NAME if given else _own_folder() / _NAME


def _own_folder() -> Path:
    for folder in (os.environ.get("XDG_RUNTIME_DIR"), f"/run/user/{os.getuid()}"):
        if folder and Path(folder).is_dir():
            return Path(folder, "bachd")
    return Path.home() / ".cache/bachd"


def ask() -> dict[str, Any]:
    """Return the snapshot of the running daemon, this user's own or else the service, with systemd's `restarts`.

    restarts: how often systemd has restarted it; None if it is not a service. Raises StatusError if none runs, none may
    be asked, or the running one does not answer.
    """
    for path in dict.fromkeys((socket_path(), SYSTEM / _NAME)):
        answer = _ask(path)
        if answer is not None:
            return answer | {"restarts": _restarts(answer.get("pid"))}
    raise StatusError("bachd is not running; start it with 'bachd run', or the service: sudo systemctl start bachd")


def _ask(path: Path) -> dict[str, Any] | None:
    """Return the answer of the daemon there; None if there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        try:
            client.connect(str(path))
            with client.makefile("rb") as file:
                answer = json.load(file)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except PermissionError:
            raise StatusError(f"{path}: only root and the group '{_GROUP}' may read the status; use sudo") from None
        except (OSError, ValueError) as fault:
            raise StatusError(
                f"the bachd at {path} runs but does not answer ({fault}); if this lasts: sudo systemctl restart bachd"
            ) from None
    return dict(answer)


def _restarts(pid: object) -> int | None:
    try:
        done = subprocess.run(
            ["systemctl", "show", UNIT, "--property=MainPID,NRestarts"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # no systemd, or it does not answer
        return None
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return int(shown["NRestarts"]) if shown.get("MainPID") == str(pid) and "NRestarts" in shown else None


def described(answer: dict[str, Any]) -> str:
    """Return an answer as text: one line for each value."""
    late, faults = Summary(**answer["lateness"]), answer["faults"]
    rows = [
        ("piece", "none yet" if answer["piece"] is None else f"{answer['piece']}, bar {answer['bar']}"),
        ("tempo", "; ".join(filter(None, (f"{answer['tempo']:g} bpm", answer.get("condition"), answer.get("rest"))))),
        ("output", answer["output"]),
        ("model", f"{answer['model']} on {answer['device']}"),
        ("lateness", f"{late}, of {late.count} messages" if late.count else "nothing measured"),
        ("events", f"{answer['events']} in {_long(answer['uptime_s'])}"),
        *_page(answer["page"]),
        ("restarts", "not run by systemd" if answer["restarts"] is None else str(answer["restarts"])),
        ("bachd", f"{answer['version']}, process {answer['pid']}"),
    ]
    shown = [line for fault in faults for line in f"{fault['time']}  {fault['what']}".splitlines()] or ["none"]
    rows += [("faults" if number == 0 else "", line) for number, line in enumerate(shown)]
    return "\n".join(f"{name:<10}{printable(value)}" for name, value in rows)


def _page(link: str | None) -> list[tuple[str, str]]:
    """Return how the page is opened: on this machine, and on others."""
    if link is None:
        return [("page", "none")]
    if links := addresses.elsewhere(link):
        return [("page" if number == 0 else "", each) for number, each in enumerate(links)]
    return [("page", link), ("", f"from another machine: {addresses.by_ssh(link)}")]


def qr_code(answer: dict[str, Any]) -> str:
    """Return the page's link as a QR code, where another machine can open it; '' otherwise."""
    links = addresses.elsewhere(answer["page"]) if answer["page"] else []
    known = [link for link in links if ".local:" not in link]  # which not every telephone knows
    return addresses.qr_code((known or links)[0]) if links else ""


def _long(seconds: float) -> str:
    """Return seconds as text, in their two largest units."""
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    d, h = divmod(hours, 24)
    words = [f"{number} {unit}" for number, unit in ((d, "d"), (h, "h"), (m, "min"), (s, "s")) if number]
    return " ".join(words[:2]) or "0 s"
