"""Send messages to the process that serves the page.

Law: to send never waits. What the other process does not take at once is dropped, but for answers, and for what takes
back something that was sent.
"""

from __future__ import annotations

import asyncio
import logging

from bachd.service.web import framing
from bachd.service.web.messages import DaemonMessage

log = logging.getLogger("bachd")


class Channel:
    """The way to the other process, which may be gone for a while."""

    def __init__(self) -> None:
        """There is no other process yet."""
        self._writer: asyncio.StreamWriter | None = None
        self._owed: DaemonMessage | None = None  # what was sent is not so, and that could not be sent yet

    def open(self, writer: asyncio.StreamWriter) -> None:
        """Send to this process from now on."""
        self._writer = writer

    def close(self) -> None:
        """Send to none."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def offer(self, message: DaemonMessage) -> None:
        """Send a part of the feed, unless the other process has not even taken what was sent before."""
        if self._writer is not None and not self._writer.transport.get_write_buffer_size():
            if self._owed is not None:
                self.write(self._owed)
                self._owed = None
            self.write(message)
        elif message["type"] == "retracted" and self._owed is None:
            self._owed = message  # a later one would be about steps that were dropped

    def write(self, message: DaemonMessage) -> None:
        """Send a message, if there is another process, however much is still on its way."""
        if self._writer is None:
            return
        try:
            self._writer.write(framing.pack(message))
        except framing.OverlongError as fault:
            log.warning("something was not sent to the page: %s", fault)
            if message["type"] in ("done", "refused"):
                self.write({"type": "refused", "id": message["id"], "faults": [str(fault)], "status": 500})
