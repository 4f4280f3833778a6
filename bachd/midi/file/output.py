"""Record what is played into a .mid file, while it is being played.

Law: at every moment, and so after a SIGKILL, too, the file on disk is a whole .mid; memory stays small for weeks.
What was retracted is not in it. No file with music in it is ever written over.

The file is of format 0, with 20 of its ticks to each of ours. Music is gathered in memory and appended by `poll`, off
the thread that plays. A track ends with the four bytes 00 FF 2F 00 and begins with its length, so to append takes three
steps, each of which leaves a file that reads: write the new music and its end behind the old end; lengthen the track;
turn the old end into an empty text, FF 01 00, with a single byte.
"""

from __future__ import annotations

import errno
import logging
import math
import os
import struct
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from itertools import chain, count
from pathlib import Path
from time import monotonic
from typing import Final

from bachd.errors import OutputError
from bachd.music.event import TICKS
from bachd.music.message import variable
from bachd.realtime.output import TimedMessage

log = logging.getLogger("bachd")

_SCALE: Final = 20
_HEADER: Final = b"MThd" + struct.pack(">LHHH", 6, 0, 1, TICKS * _SCALE)
_END: Final = b"\x00\xff\x2f\x00"
_END_TYPE: Final = 2
"""Where in `_END` the type of the meta event stands."""
_TEXT: Final = b"\x01"
_LENGTH: Final = len(_HEADER) + 4
"""Where in the file the track's length stands, between 'MTrk' and the music."""
_MUSIC: Final = _LENGTH + 4
"""Where in the file the music begins."""
_FULL: Final = 1 << 14
"""Bytes that are gathered without `poll`, as when music is rendered."""
_OPEN: Final = 1.0
"""Seconds for which a message may be retracted: more than any is sent ahead, and behind."""


class FileOutput:
    """Writes messages at their ticks; deadlines decide only what is retracted."""

    def __init__(self, path: Path) -> None:
        """Raises OutputError when the file cannot be written, or is there already and no .mid.

        Where there is a .mid already, this one gets a number: NAME-2.mid. It is removed if there is no music.
        """
        self.wanted = path
        """The path that was asked for."""
        check_writable(path)
        try:
            self.path, self._file = _create(path)
            """Where it is."""
            self._begin()
        except OSError as fault:
            raise OutputError(_unwritable(path, fault.strerror)) from fault
        if self.path != path:
            log.info("%s is there already, and is left as it is: recording into %s", path, self.path)
        self._lock = threading.Lock()  # the player sends from one thread, and another polls
        self._recent: deque[TimedMessage] = deque()
        self._gathered = bytearray()
        self._size = 0  # bytes of music in the file, its end not counted
        self._tick: int | None = None  # of the last message, in the file's
        self._fault: OSError | None = None

    @property
    def description(self) -> str:
        """The file's name."""
        return str(self.path) if self._fault is None else f"nowhere ({self._failure})"

    @property
    def holds_music(self) -> bool:
        """Whether anything has been written to it."""
        return self._size > 0

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Keep what belongs into a file: channel messages, and the meta messages that ports skip."""
        with self._lock:
            self._recent.extend(messages)
            if messages:
                self._gather(messages[-1].due - _OPEN)
            if len(self._gathered) >= _FULL:
                self._write()

    def retract(self, moment: float) -> None:
        """Leave out what is due later."""
        with self._lock:
            self._recent = deque(timed for timed in self._recent if timed.due <= moment)

    def bar(self, due: float) -> None:
        """Do nothing: a file is always there, and misses nothing."""

    def poll(self) -> Sequence[str]:
        """Write what has been gathered. When the disk is full, recording ends there, and the line says so."""
        with self._lock:
            failed_before = self._fault is not None
            self._gather(monotonic() - _OPEN)
            self._write()
        return () if failed_before or self._fault is None else (f"recording has stopped: {self._failure}",)

    def close(self) -> None:
        """Write the rest. Raises OutputError if the file does not hold all that was sent."""
        with self._lock:
            self._gather(math.inf)
            self._write()
            self._file.close()
            if not self._size:
                self.path.unlink(missing_ok=True)  # there was no music
        if self._fault is not None:
            raise OutputError(self._failure) from self._fault

    @property
    def _failure(self) -> str:
        return f"{self.path}: {self._fault.strerror if self._fault else None}; the file holds the music up to there"

    def _gather(self, moment: float) -> None:
        """Encode what is due until then, which cannot be retracted any more."""
        while self._recent and self._recent[0].due <= moment:
            timed = self._recent.popleft()
            data = bytes(timed.message.bytes())
            if timed.message.is_meta or data[0] < 0xF0:
                tick = round(timed.tick * _SCALE)
                before = tick if self._tick is None else self._tick  # the music may have begun earlier
                self._gathered += variable(max(0, tick - before)) + data
                self._tick = max(tick, before)

    def _write(self) -> None:
        """Append what has been gathered, in the three steps described at the top of this module."""
        data = bytes(self._gathered)
        self._gathered.clear()
        if not data or self._fault is not None:
            return
        end = _MUSIC + self._size
        size = self._size + len(_END) + len(data)
        try:
            for piece, where in (
                (data + _END, end + len(_END)),
                (struct.pack(">L", size + len(_END)), _LENGTH),
                (_TEXT, end + _END_TYPE),
            ):
                self._write_at(piece, where)
            self._size = size
        except OSError as fault:
            self._fault = fault

    def _begin(self) -> None:
        """Write a whole file without music."""
        self._write_at(_HEADER + b"MTrk" + struct.pack(">L", len(_END)) + _END, 0)

    def _write_at(self, data: bytes, where: int) -> None:
        """Write all of it: a disk that is nearly full takes a part first and refuses the rest."""
        while data:
            written = os.pwrite(self._file.fileno(), data, where)
            data, where = data[written:], where + written


def _create(path: Path) -> tuple[Path, FileIO]:
    """Create a file at `path`, or beside what is there already, of the same name with a number."""
    for name in chain([path.name], (f"{path.stem}-{number}{path.suffix}" for number in count(2))):
        with suppress(FileExistsError):
            return path.with_name(name), path.with_name(name).open("xb", buffering=0)
    raise AssertionError  # there is always another number


def check_writable(path: Path) -> None:
    """Check that a new .mid can be written there, or beside an older one, without doing so.

    Raises OutputError if it cannot, or there is a file that holds something else.
    """
    try:
        refuse_other_file(path)
        if not path.parent.is_dir():
            raise OutputError(_unwritable(path, f"there is no folder {path.parent}"))
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as fault:
        raise OutputError(_unwritable(path, fault.strerror)) from fault


def refuse_other_file(path: Path) -> None:
    """Raise OutputError if there is something at `path` that is neither a .mid nor empty, or OSError."""
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) in (b"", b"MThd"):
                return
    if path.exists():
        raise OutputError(f"{path}: is there already and no .mid file; choose another name")


def _unwritable(path: Path, why: str | None) -> str:
    return f"{path}: cannot be written: {why}; choose another folder"
