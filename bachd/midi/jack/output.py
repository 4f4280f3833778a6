"""Playing through JACK: a process of its own places each message in JACK's cycles, to the frame.

Law: at the moment of a note nothing of this process is needed, neither a thread nor Python's lock; nothing that happens
to the destination, the server or that process reaches the player. What comes back is connected again by name, reset,
and joins on the next bar.

Lateness here is how long after its deadline a message was handed over: 0 unless this whole process was late.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bachd.errors import OutputError
from bachd.midi.chase import Chase
from bachd.midi.jack.libjack import Client
from bachd.midi.jack.player_process import HEAD
from bachd.midi.message_queue import Due, begins
from bachd.midi.port_names import OURS, is_instrument
from bachd.midi.reset import reset
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage, ordered

if TYPE_CHECKING:
    from bachd.midi.resolve import Port

_HANGS: Final = 1 << 20
"""Bytes handed over in vain that tell that the process hangs: hours of music."""
_GONE: Final = "the music goes on without it, until it is back"


class JackOutput:
    """Plays to one port, or offers a port for others to connect to."""

    system: Final = "jack"

    def __init__(
        self, destination: str | None, clock: Clock, lateness: Lateness, *, any_instrument: bool = False
    ) -> None:
        """Open a port.

        destination: a name from `destinations`; None opens a port for others to connect to.
        clock: must be the machine's monotonic one.
        any_instrument: whether any other instrument will do where the destination is not there, or not yet.

        Raises OutputError if no server runs, or the destination is not there.
        """
        self.destination = destination
        self._any_instrument = any_instrument
        self._clock = clock
        self._lateness = lateness
        self._lock = threading.Lock()  # the player sends, and another thread polls
        self._line: _Line | None = None
        self._connected = False
        self._joined = True
        self._chase = Chase()
        self._open()
        if destination is not None and not self._connected:
            self.close()
            raise OutputError(f"{destination}: is no longer there")

    @property
    def description(self) -> str:
        """The destination, or our own port."""
        if self._line is None:
            return "waiting for JACK"
        if self.destination is None:
            return f"port '{OURS}' of JACK"
        return self.destination if self._connected else f"waiting for {self.destination}"

    def plays(self, target: Port) -> bool:
        """Whether this is what would be opened for a target."""
        if target.system != "jack" or target.any_instrument != self._any_instrument:
            return False
        return self._any_instrument or target.destination == self.destination

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Hand messages over."""
        now = self._clock.now()
        with self._lock:
            records: list[Due] = []
            for timed in ordered(messages):
                if not timed.message.is_meta:
                    data = bytes(timed.message.bytes())
                    self._chase.see(timed.due, data)
                    if self._joined or not (begins(data) or self._chase.holds_back(data)):
                        records.append((timed.due, data))
                    self._lateness.record(now - timed.due)
            self._write(records)

    def retract(self, moment: float) -> None:
        """Let the process that plays forget."""
        with self._lock:
            self._chase.retract()
            self._write([(moment, b"")])

    def bar(self, due: float) -> None:
        """Let a destination that has come back join, and put it in step with the clock."""
        with self._lock:
            if self._connected and not self._joined:
                self._joined = True
                if (resume := self._chase.resume()) is not None:
                    self._write([(resume.due, data) for data in resume.messages])

    def poll(self) -> Sequence[str]:
        """Look after the connection."""
        line = self._line
        if line is None:
            try:
                self._open()
            except OutputError:  # the next look will tell
                return []
            return [f"JACK is back: {self.description}"]
        with self._lock:
            line.write(b"")
        if not line.alive:
            self._leave()
            return [f"JACK is gone: {_GONE}"]
        return self._follow(line)

    def _follow(self, line: _Line) -> Sequence[str]:
        """See whether the destination has gone or come back, or another one has to be found."""
        if self.destination is None and not self._any_instrument:
            return []
        names = line.watch.destinations()
        if self._connected and self.destination not in names:
            gone = self.destination
            with self._lock:
                self._connected = self._joined = False
                self.destination = None if self._any_instrument else gone
            return [f"{gone} is gone: {_GONE}"]
        if self.destination is None:
            self.destination = next(filter(is_instrument, names), None)
        if self._connected or self.destination not in names:
            return []
        with self._lock:
            self._joined = False
        self._connect(line)
        return [f"{self.destination} is there: reset, and in from the next bar on"] if self._connected else []

    def close(self) -> None:
        """Wait until the last message has been played, then take the port away."""
        self._leave()

    def _open(self) -> None:
        line = _Line()
        with self._lock:
            self._line = line
        if self.destination is not None:
            self._connect(line)

    def _connect(self, line: _Line) -> None:
        assert self.destination is not None
        there = self.destination in line.watch.destinations()
        connected = there and line.watch.connect(line.port, self.destination)
        with self._lock:
            self._connected = connected
            if connected:
                now = self._clock.now()
                messages = [*(bytes(message.bytes()) for message in reset()), *self._chase.state()]
                self._write([(now, data) for data in messages])

    def _leave(self) -> None:
        with self._lock:
            line, self._line = self._line, None
            self._connected, self._joined = False, self.destination is None
            if self._any_instrument:
                self.destination = None
        if line is not None:
            line.close()

    def _write(self, records: Iterable[Due]) -> None:
        if self._line is not None:
            self._line.write(b"".join(HEAD.pack(due, len(data)) + data for due, data in records))


class _Line:
    """A connection to the server: a client that looks after it, and the process that plays."""

    def __init__(self) -> None:
        """Raises OutputError if no server runs."""
        self.watch = Client(f"{OURS}-watch")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bachd.midi.jack.player_process", OURS],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process; that one ends with its stdin
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),  # the same bachd
                "MALLOC_ARENA_MAX": "1",  # one for both threads: less memory to lock
            },
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._backlog = b""
        os.set_blocking(self._stdin.fileno(), False)
        with suppress(OSError):
            fcntl.fcntl(self._stdin, fcntl.F_SETPIPE_SZ, _HANGS)
        said = self._process.stdout.readline().decode().strip()
        self._process.stdout.close()
        self.port = said
        """The full name of the port that plays."""
        if not said or said.startswith("!"):
            self.close()
            raise OutputError(said[1:] or "JACK: the process that plays has failed")

    @property
    def alive(self) -> bool:
        """Whether neither the server nor the process has died since."""
        return not self.watch.died.is_set() and self._process.poll() is None

    def write(self, data: bytes) -> None:
        """Hand over, without waiting: what the pipe does not take now goes with the next."""
        self._backlog += data
        with suppress(OSError):  # the process is gone, which `alive` tells
            self._backlog = self._backlog[self._stdin.write(self._backlog) or 0 :]
        if len(self._backlog) > _HANGS:
            self._process.kill()

    def close(self) -> None:
        """Let what was handed over be played."""
        if self.alive:
            os.set_blocking(self._stdin.fileno(), True)
            self.write(b"")
        else:
            self._process.kill()
        self._stdin.close()
        self._process.wait()
        self.watch.close()


def destinations() -> list[str]:
    """The names of the ports that can be played to, in the server's order. Raises OutputError if no server runs."""
    client = Client(f"{OURS}-watch")
    try:
        return client.destinations()
    finally:
        client.close()
