"""Attack the page with requests that once turned it off, filled its memory or kept everybody out.

Law: each is bounded, and goes to the address that it is given and nowhere else. Who attacks has the token: without it,
most of this is refused unread.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from bachd.service.web.server.music_files.files import LARGEST, MOST_NOTES
from bachd.service.web.server.music_files.recording import SHARE

PATIENCE: Final = 30.0
"""Seconds after which an answer is taken not to come."""
_PIECE: Final = 16_384


def head(method: str, path: str, *lines: str) -> bytes:
    """Return the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode("latin-1")


def chunked(data: bytes) -> bytes:
    """Return a body in chunks, whose length nobody says beforehand."""
    parts = [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


def worst(notes: int, held: bool) -> bytes:
    """Return the .mid of so many notes that takes the most: all keys are down, or one is struck again and again."""
    music = bytearray(b"\x00\x90\x00\x40")
    if held:
        music += b"".join(bytes((0, note, 64)) for note in range(1, 127))
        music += b"".join(bytes((1, 127, 64, 1, 127, 0)) for _ in range(notes - 127))
    else:
        music += b"".join(bytes((1, number % 127, 64)) for number in range(notes - 1))
    music += b"\x00\xff\x2f\x00"
    return b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x18MTrk" + len(music).to_bytes(4) + music


def fill(home: Path, bpm: float) -> None:
    """Let the recording in `home` be as long as it can be, of bars of one step."""
    step = {
        "tick": 0,
        "due": 0.0,
        "ticks": 96,
        "starts": [[note, 80, 1] for note in (48, 64, 67, 72)],
        "held": [],
        "notes": [[48, "C3", 3], [64, "E4", 2], [67, "G4", 1], [72, "C5", 0]],
        "key": "C major",
        "text": "C3.E4.G4.C5:4",
        "phase": 0,
        "metre": [4, 4],
        "origin": "model",
        "piece": "a piece",
        "opens": False,
        "bpm": bpm,
    }
    lines = [json.dumps({**step, "n": number, "bar": number}) + "\n" for number in range(1000)]
    size = sum(map(len, lines))
    for name in ("played.before", "played"):
        (home / name).write_text("".join(lines) * (SHARE // size - 1))


class Attacker:
    """Somebody with the token who means harm. Each method is one attack; `stack` holds what stays open."""

    def __init__(self, address: tuple[str, int], home: Path, token: str, stack: ExitStack) -> None:
        """home: where the recording is kept."""
        self._address, self._home, self._stack = address, home, stack
        self._bearer = f"Authorization: Bearer {token}"

    def large_changes(self) -> None:
        """Send changes of 280 KB in chunks."""
        for body in (b" " * 280_000, b'{"tempo": "' + b"\xff" * 280_000 + b'"}', b"[" * 280_000):
            self._ask(head("PATCH", "/api/settings", "Transfer-Encoding: chunked", self._bearer) + chunked(body))

    def downloads(self) -> None:
        """Ask for the whole recording eight times, and read none."""
        self._fill(120)
        for _ in range(8):
            self._open().sendall(head("GET", "/api/music.mid", self._bearer))

    def worst_pieces(self) -> None:
        """Upload the pieces that take the most, and ask for them six times at once."""
        for held in (False, True):
            data = worst(MOST_NOTES, held)[:LARGEST]
            length = f"Content-Length: {len(data)}"
            answer = self._ask(head("POST", "/api/seeds?name=worst.mid", length, self._bearer) + data)
            if b'"piece"' in answer:
                name = Path(json.loads(answer.partition(b"\r\n\r\n")[2])["piece"]).name
                for _ in range(6):
                    self._open().sendall(head("GET", f"/api/pieces/{name}", self._bearer))

    def unread_wav(self) -> None:
        """Ask for a .wav of a gigabyte, and do not read it."""
        self._fill(20)
        self._open().sendall(head("GET", "/api/music.wav?bars=512", self._bearer))

    def unfinished_logins(self) -> None:
        """Begin 256 logins, and end none."""
        for _ in range(256):
            self._open().sendall(head("POST", "/login", "Content-Length: 900") + b"token=")

    def feeds(self) -> None:
        """Open more feeds than are served, and read none."""
        upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
        for _ in range(40):
            key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
            self._open().sendall(head("GET", "/api/feed", *upgrade, key, self._bearer))

    def headers(self) -> None:
        """Send headers without an end."""
        client = self._open()
        client.settimeout(1.0)
        try:
            client.sendall(b"GET / HTTP/1.1\r\n")
            for number in range(10_000):
                client.sendall(f"X-{number}: {'y' * 4000}\r\n".encode())
        except OSError:  # refused, as it should be
            pass

    def _open(self) -> socket.socket:
        return self._stack.enter_context(closing(socket.create_connection(self._address, PATIENCE)))

    def _ask(self, data: bytes) -> bytes:
        """Send a request, and return the answer's beginning."""
        with closing(socket.create_connection(self._address, PATIENCE)) as client:
            client.sendall(data)
            return client.recv(65_536)

    def _fill(self, bpm: float) -> None:
        fill(self._home, bpm)


ATTACKS: Final[dict[str, Callable[[Attacker], None]]] = {
    "nothing": lambda _: None,
    "changes of 280 KB": Attacker.large_changes,
    "recordings that are not read": Attacker.downloads,
    "the worst pieces": Attacker.worst_pieces,
    "a .wav that is not read": Attacker.unread_wav,
    "logins that do not end": Attacker.unfinished_logins,
    "feeds that are not read": Attacker.feeds,
    "headers that do not end": Attacker.headers,
}
"""By what they are called; the first is none, for comparison."""
