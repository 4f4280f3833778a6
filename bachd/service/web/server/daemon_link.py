"""The way to the daemon: what it says comes in, requests go out and are answered.

Law: a request gets its answer, a refusal in the daemon's words, or `Refused` when its time is over; and when the daemon
is gone, so is this process.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from typing import Any, Final

PATIENCE: Final = 15.0
"""Seconds for an answer: to load another network takes some of them on a small machine."""
MOST_REQUESTS: Final = 16
"""Requests that may wait for their answers."""

_LONGEST: Final = 1 << 20
"""Bytes of a line from the daemon."""
_LONGEST_LOG: Final = 300


class Refused(Exception):  # noqa: N818  (it is the daemon's answer)
    """The daemon does not do it; `faults` say why, as it would say it of config.yaml."""

    def __init__(self, faults: list[str], status: int = 422) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
        self.status = status
        """What it means in HTTP."""


class Channel:
    """The daemon, as this process knows it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0

    @classmethod
    async def open(cls, end: socket.socket) -> Channel:
        """Over one end of a pair of sockets."""
        return cls(*await asyncio.open_connection(sock=end, limit=_LONGEST))

    async def opening(self) -> dict[str, Any]:
        """The daemon's first line: what is to be served."""
        return dict(json.loads(await self._reader.readline()))

    async def listen(self, hear: Callable[[dict[str, Any], str], None]) -> None:
        """Hand on what the daemon says, as it is and as the line it came in; returns when the daemon is gone."""
        while line := await self._reader.readline():
            message = json.loads(line)
            if message["type"] == "answer":
                waiting = self._waiting.pop(message["id"], None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
            else:
                hear(message, line.decode().rstrip("\n"))

    async def ask(self, what: str, given: Any = None) -> Any:
        """Have the daemon do something. Raises Refused if it does not."""
        if len(self._waiting) >= MOST_REQUESTS:
            raise Refused(["too much is being asked for at once; try again"], 503)
        self._number += 1
        number, answer = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._say({"id": number, "do": what, "with": given})
        try:
            async with asyncio.timeout(PATIENCE):
                message = await answer
        except TimeoutError:
            raise Refused(["no answer yet; what was asked for may still come"], 504) from None
        finally:
            self._waiting.pop(number, None)
        if "faults" in message:
            raise Refused(message["faults"], message.get("status", 422))
        return message["ok"]

    def watched(self, clients: int) -> None:
        """Tell how many look, so that what nobody sees need not be told."""
        self._say({"watched": clients})

    def log(self, line: str) -> None:
        """Put a line into the daemon's log."""
        self._say({"log": line[:_LONGEST_LOG]})

    def _say(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")


class ChannelLog(logging.Handler):
    """This process's log, which goes into the daemon's."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(logging.WARNING)
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a warning on."""
        self._channel.log(record.getMessage())
