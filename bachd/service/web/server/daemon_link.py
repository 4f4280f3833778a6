"""Receive messages from the daemon, and send it requests that are answered.

Law: a request gets its answer, a refusal in the daemon's words, or `Refused` when its time is over; and when the daemon
is gone, so is this process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

from bachd.service.web import framing
from bachd.service.web.messages import Answer, Command, FeedMessage, Opening, PageMessage

PATIENCE: Final = 15.0
"""Seconds for an answer: to load another network takes some of them on a small machine."""
MOST_REQUESTS: Final = 16
"""Requests that may wait for their answers."""
_LONGEST_LOG: Final = 300


class Refused(Exception):  # noqa: N818  (it is the daemon's answer)
    """What was asked for is not done; `faults` say why, as they would say it of config.yaml."""

    def __init__(self, faults: list[str], status: int = 422) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
        self.status = status
        """What it means in HTTP."""


class DaemonLink:
    """Connection to the daemon."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0

    @classmethod
    async def open(cls, end: socket.socket) -> DaemonLink:
        """Over one end of a pair of sockets."""
        return cls(*await asyncio.open_connection(sock=end))

    async def opening(self) -> Opening:
        """Receive the first message. Raises EOFError if the daemon has ended already."""
        message = await framing.read(self._reader)
        if message is None:
            raise EOFError("the daemon has ended")
        opening: Opening = json.loads(message)
        return opening

    async def listen(self, receive: Callable[[FeedMessage, str], None]) -> None:
        """Pass on each message of the feed, with its JSON; returns when the daemon has ended."""
        while text := await framing.read(self._reader):
            message = json.loads(text)
            if message["type"] in ("done", "refused"):
                waiting = self._waiting.pop(message["id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            else:
                receive(message, text)

    async def ask(self, command: Command, payload: Any = None) -> Any:
        """Have the daemon carry out a command. Raises Refused if it does not."""
        if len(self._waiting) >= MOST_REQUESTS:
            raise Refused(["too much is being asked for at once; try again"], 503)
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._send({"type": "request", "id": number, "command": command, "payload": payload})
            async with asyncio.timeout(PATIENCE):
                message: Answer = await answer
        except TimeoutError:
            raise Refused(["no answer yet; what was asked for may still come"], 504) from None
        except framing.OverlongError:
            raise Refused(["this is too long"], 413) from None
        finally:
            self._waiting.pop(number, None)
        if message["type"] == "refused":
            raise Refused(message["faults"], message["status"])
        return message["ok"]

    def watched(self, clients: int) -> None:
        """Send how many browsers follow the feed, so that the daemon sends nothing in vain."""
        self._send({"type": "watched", "clients": clients})

    def played(self, client: int, data: Sequence[int]) -> None:
        """Send what somebody plays in a browser; nothing when that is gone."""
        self._send({"type": "played", "client": client, "data": list(data)})

    def log(self, line: str) -> None:
        """Put a line into the daemon's log."""
        self._send({"type": "log", "line": line[:_LONGEST_LOG]})

    def _send(self, message: PageMessage) -> None:
        self._writer.write(framing.pack(message))


class DaemonLog(logging.Handler):
    """Sends this process's warnings to the daemon's log."""

    def __init__(self, link: DaemonLink) -> None:
        super().__init__(logging.WARNING)
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        """Send a warning."""
        self._link.log(record.getMessage())
