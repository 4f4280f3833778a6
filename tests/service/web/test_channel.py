"""The way to the page's process: what is dropped when it does not read, and what is not."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

from bachd.service.web import framing
from bachd.service.web.channel import Channel
from bachd.service.web.messages import RetractedMessage

PATIENCE = 30.0
LONG: Any = {"type": "log", "line": "x" * 60_000}


def retracted(number: int) -> RetractedMessage:
    return {"type": "retracted", "n": number, "steps": []}


async def until_halted(reader: asyncio.StreamReader) -> list[dict[str, Any]]:
    """What comes up to `halted`, but for log lines."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != "halted":
        text = await framing.read(reader)
        assert text is not None
        if (message := json.loads(text))["type"] != "log":
            found.append(message)
    return found


def test_what_was_sent_and_is_not_so_is_taken_back_however_long_nobody_reads() -> None:
    async def send() -> list[dict[str, Any]]:
        ours, theirs = socket.socketpair()
        channel = Channel()
        channel.offer(retracted(1))  # there is no process yet
        _, writer = await asyncio.open_connection(sock=ours)
        writer.transport.set_write_buffer_limits(0)  # so that `drain` waits until nothing waits
        channel.open(writer)
        while not writer.transport.get_write_buffer_size():
            channel.offer(LONG)
        channel.offer(retracted(2))
        channel.offer({"type": "going"})  # is dropped
        channel.offer(retracted(3))  # is about steps that were dropped
        reader, other = await asyncio.open_connection(sock=theirs)
        receiving = asyncio.create_task(until_halted(reader))
        await writer.drain()
        channel.offer({"type": "halted"})
        found = await receiving
        channel.close()
        channel.offer({"type": "going"})  # goes nowhere
        other.close()
        return found

    async def bounded() -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE):
            return await send()

    assert asyncio.run(bounded()) == [retracted(1), retracted(2), {"type": "halted"}]
