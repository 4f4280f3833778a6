"""A MIDI clock through JACK, heard by a process of its own (see clock_process.py).

Law: a server that dies, or that process, takes nothing with it; both are tried again, about once a second.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Final

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.clock_input import Hear
from bachd.realtime import priority

log = logging.getLogger(__name__)

_SENDER: Final = "JACK"
"""One port hears all; it is not known who sent what."""


class JackInput:
    """Listens to what the process says, in a thread of its own."""

    def __init__(self, part: str | None, hear: Hear) -> None:
        """Begin to listen. part: of the names to connect to; None: others connect to our port.

        Raises OutputError if no server runs.
        """
        self._part, self._hear = part, hear
        self._there: set[str] = set()
        self._closed = False
        self._open()

    @property
    def description(self) -> str:
        """Who is listened to."""
        return ", ".join(sorted(self._there)) or self._part or "port 'bachd clock' of JACK"

    def poll(self) -> tuple[str, ...]:
        """Start the process again, if it has ended."""
        if self._closed or self._process.poll() is None:
            return ()
        self._end()
        try:
            self._open()
        except OutputError:  # the next look will tell
            return ()
        return ("JACK is back: listening for a MIDI clock",)

    def close(self) -> None:
        """End the process and the thread."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        with suppress(OSError):  # it may be gone
            self._process.stdin.close()  # type: ignore[union-attr]  # `_open` asks for a pipe
        self._thread.join()
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]  # `_open` asks for a pipe

    def _open(self) -> None:
        arguments = () if self._part is None else (self._part,)
        self._process = child_process.start("bachd.midi.jack.clock_process", *arguments, text=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        self._thread = threading.Thread(target=self._listen, name="clock-in", daemon=True)
        self._thread.start()
        if said != "ready":
            self._end()
            raise OutputError(said.removeprefix("!") or "JACK: the process that listens has failed")

    def _listen(self) -> None:
        priority.come_first()
        for line in self._process.stdout or ():
            said = line.strip()
            if said.startswith("+"):
                self._there.add(said[1:])
                log.info("listening to %s for a MIDI clock", said[1:])
            elif said.startswith("-"):
                self._there.discard(said[1:])
                log.warning("%s is gone: no MIDI clock comes from there until it is back", said[1:])
            else:
                moment, data = said.split()
                self._hear(float(moment), bytes.fromhex(data), _SENDER)
        self._there.clear()
