"""Start a child process that plays, write records to it, and read what it reports.

Law: nothing here waits without a limit.
"""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from bachd import child_process
from bachd.midi.message_queue import Due, record
from bachd.realtime.clock import Clock

PATIENCE: Final = 5.0
"""Seconds after which a server that has not answered is not waited for any more."""
_ENDING: Final = 1.0
"""Seconds between the end of a process's stdout and its own."""
_READY, _FAULT = "ready", "!"
_HANGS: Final = 1 << 20
"""Bytes handed over in vain that tell that the child hangs: hours of music."""


class PlayerChild:
    """The child process: jack/player_process.py or speaker/synth_process.py."""

    def __init__(self, system: str, peer: str, module: str, arguments: Sequence[str], clock: Clock) -> None:
        """Start a module with these arguments, without waiting for it.

        system, peer: what it plays through, and who is to answer there, for error texts.
        """
        self._system, self._peer = system, peer
        self._process = child_process.start(
            module,
            *arguments,
            # One for all threads: less memory to lock. No program is to start a JACK server.
            environment={"MALLOC_ARENA_MAX": "1", "JACK_NO_START_SERVER": "1"},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
        with suppress(OSError):
            fcntl.fcntl(self._stdin, fcntl.F_SETPIPE_SZ, _HANGS)
        self._clock = clock
        self._unsent = b""
        self._unread = b""
        self._begun = self._last = clock.now()  # the deadline of the last message
        self.ready = False
        """Whether it plays."""
        self.crashed = False
        """Whether it ended before it played, and did not say why: libraries were seen to crash."""
        self._fault = ""
        self._said: list[tuple[str, str]] = []

    @property
    def alive(self) -> bool:
        """Whether neither the server nor the process has died since; a process that never got ready is ended."""
        if not self.ready and self._clock.now() > self._begun + 2 * PATIENCE:
            self._process.kill()
            self._process.wait()
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        """Why it ended, or cannot play."""
        if self._fault or self._process.returncode in (None, 0):
            return self._fault or "it takes no more sound"
        return f"the process that plays has failed (exit code {self._process.returncode})"

    def wait_until_ready(self) -> str:
        """Wait until it plays; what hinders it, or nothing."""
        while not self.ready:
            line = child_process.read_line(self._process, PATIENCE)
            self._take(line)
            if self._fault:
                return self._fault
            if not line and self._ended():
                self.crashed = True
                return f"{self._system}: the process that plays has failed (exit code {self._process.returncode})"
            if not line:
                return f"{self._system}: {self._peer} does not answer"
        return ""

    def read(self) -> Sequence[tuple[str, str]]:
        """Return the what it reported since the last call: marks, such as those of jack/cables.py, and names."""
        with suppress(OSError, ValueError):  # nothing to read, or closed
            while data := self._stdout.read(1 << 16):
                self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self._take(line.decode(errors="replace"))
        said, self._said = self._said, []
        return said

    def write(self, records: Iterable[Due]) -> None:
        """Hand records over, without waiting: what the pipe does not take now goes with the next.

        A record without bytes retracts what is due after its deadline.
        """
        for due, data in records:
            self._last = max(self._last, due) if data else min(self._last, due)
            self._unsent += record(due, data)
        with suppress(OSError):  # the process is gone, which `alive` tells
            self._unsent = self._unsent[self._stdin.write(self._unsent) or 0 :]
        if len(self._unsent) > _HANGS:
            self._process.kill()

    def close(self) -> None:
        """Let what was handed over be played, unless the server stands still."""
        room = select.poll()
        room.register(self._stdin.fileno(), select.POLLOUT)
        while self._unsent and self.alive and room.poll(1e3 * PATIENCE):
            self.write(())
        child_process.end(self._process, max(0.0, self._last - self._clock.now()) + PATIENCE)

    def _take(self, line: str) -> None:
        mark, _, name = line.strip().partition(" ")
        if mark == _READY:
            self.ready = True
        elif mark == _FAULT:
            self._fault = name
        elif mark:
            self._said.append((mark, name))

    def _ended(self) -> bool:
        with suppress(subprocess.TimeoutExpired):  # it may just have closed its stdout
            self._process.wait(_ENDING)
        return self._process.poll() is not None
