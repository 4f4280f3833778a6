"""Receive a MIDI clock, or what a person plays, through JACK, from a child process (see input_process.py).

Law: nothing that happens to the server or the child reaches this process, nor keeps it waiting; both are tried again,
about once a second. Whatever ends, the senders are reported to be gone.
"""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Sequence
from time import monotonic
from typing import Final

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.input.purpose import Purpose
from bachd.midi.player_child import PATIENCE
from bachd.realtime import priority
from bachd.realtime.input import Receive

log = logging.getLogger(__name__)

_SENDER: Final = "JACK"
"""One port receives from all; which of them sent a message is not known."""


class JackInput:
    """A port to receive from, or connections to ports by their names."""

    def __init__(self, parts: Sequence[str], receive: Receive, purpose: Purpose) -> None:
        """Begin to listen. parts: of the names to connect to; none: others connect to our port, and hardware is.

        Raises OutputError if no server runs, or it does not answer.
        """
        self._parts, self._receive, self._purpose = tuple(parts), receive, purpose
        self._there: set[str] = set()
        self._closed = False
        self._known = True  # whether it has been reported that it listens
        self._start()
        if not self._opened.wait(PATIENCE):
            self._fault = "JACK: the server does not answer"
        if self._fault:
            self.close()
            raise OutputError(self._fault)

    @property
    def description(self) -> str:
        """The ports that are listened to."""
        return ", ".join(sorted(self._there)) or ", ".join(self._parts) or f"port '{self._purpose.port}' of JACK"

    def poll(self) -> tuple[str, ...]:
        """Do nothing: the kernel announces what changes."""
        if self._closed:
            return ()
        if not self._opened.is_set() and monotonic() > self._begun + 2 * PATIENCE:
            self._process.kill()
            self._process.wait()
        if self._process.poll() is not None:
            self._end()
            self._known = False
            self._start()
        elif not self._known and self._opened.is_set() and not self._fault:
            self._known = True
            return (f"JACK is back: listening for {self._purpose.what}",)
        return ()

    def close(self) -> None:
        """End the child and the thread."""
        self._closed = True
        self._end()

    def _start(self) -> None:
        """Start the child, without waiting for it."""
        self._begun = monotonic()
        self._opened = threading.Event()
        self._fault = ""
        self._process = child_process.start("bachd.midi.jack.input_process", self._purpose.word, *self._parts)
        self._thread = threading.Thread(target=self._listen, name=f"{self._purpose.word}-in", daemon=True)
        self._thread.start()

    def _end(self) -> None:
        assert self._process.stdout is not None
        child_process.close(self._process.stdin)
        child_process.wait(self._process, PATIENCE)
        self._thread.join()  # which reads until the child has ended
        child_process.close(self._process.stdout)

    def _listen(self) -> None:
        priority.come_first()
        assert isinstance(self._process.stdout, io.RawIOBase)
        reader = io.BufferedReader(self._process.stdout)
        while (line := reader.readline()).endswith(b"\n"):  # the last one may be cut off
            self._take(line.decode(errors="replace").strip())
        self._fault = self._fault or "JACK: the process that listens has failed"
        self._opened.set()
        self._there.clear()
        if self._purpose.holds:
            self._receive(monotonic(), b"", _SENDER)
        reader.detach()

    def _take(self, line: str) -> None:
        if line == "ready":
            self._opened.set()
        elif line.startswith("!"):
            self._fault = line[1:]
        elif line.startswith("+"):
            self._there.add(line[1:])
            log.info("listening to %s for %s", line[1:], self._purpose.what)
        elif line.startswith("-"):
            self._there.discard(line[1:])
            log.warning("%s is gone: %s cannot come from there until it is back", line[1:], self._purpose.what)
        else:
            moment, _, data = line.partition(" ")
            self._receive(float(moment), bytes.fromhex(data), _SENDER)
