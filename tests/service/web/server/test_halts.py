"""Halts at any moment, asked of a real daemon: its recording and its feed, against the file that it played into."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import mido
from aiohttp import ClientSession

from tests.service.web.conftest import PATIENCE, Running

HALTS = 8


Notes: TypeAlias = list[tuple[int, int, int]]
"""Pitch, velocity and channel of note_ons."""


def notes(path: Path) -> Notes:
    """Those in a .mid."""
    return [
        (message.note, message.velocity, message.channel)
        for message in mido.MidiFile(path)
        if message.type == "note_on" and message.velocity
    ]


def told(feed: Sequence[dict[str, Any]]) -> Notes:
    """What the feed has sent, as somebody understands it who has read its description."""
    past: list[dict[str, Any]] = []
    for message in feed:
        if message["type"] == "hello":
            past = message["past"]
        elif message["type"] == "step":
            past.append(message["step"])
        elif message["type"] == "retracted":
            past = [step for step in past if step["n"] < message["n"]] + message["steps"]
    return [(pitch, velocity, channel - 1) for step in past for pitch, velocity, channel in step["starts"]]


def sort(found: Notes) -> Notes:
    """By pitch, those of one pitch in their order: those of a chord may begin in any."""
    return sorted(found, key=itemgetter(0))


def test_what_was_played_is_what_is_kept_and_sent(tmp_path: Path) -> None:
    rng = Random(1)
    running = Running(tmp_path)
    text = running.config.read_text().replace("output: none", "output: 'file:heard.mid', channels: [1, 2]")
    running.config.write_text(f"{text}expression: {{swing: 60, humanise_ms: 20}}\n")
    running.start()
    feed: list[dict[str, Any]] = []

    async def halt() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{running.port}/api/feed") as socket,
        ):

            async def until(kind: str) -> None:
                while not feed or feed[-1]["type"] != kind:
                    feed.append(json.loads((await socket.receive()).data))

            await until("hello")
            for _ in range(HALTS):
                await until("step")
                # This is the random moment, and waits for nothing.
                await asyncio.sleep(rng.uniform(0, 0.6))
                await asyncio.to_thread(running.ask, f"/api/{rng.choice(['pause', 'stop', 'panic'])}", b"")
                await until("retracted")
                number = feed[-1]["n"] + len(feed[-1]["steps"])
                await until("plan")  # anew, although nothing goes on
                assert feed[-1]["steps"][0]["n"] == number
                await asyncio.to_thread(running.ask, "/api/play", b"")
            await until("step")
            await asyncio.to_thread(running.ask, "/api/pause", b"")
            await until("retracted")

    try:
        asyncio.run(halt())
        (tmp_path / "kept.mid").write_bytes(running.ask("/api/music.mid").body)
    finally:
        running.stop()
    played, kept = notes(tmp_path / "heard.mid"), notes(tmp_path / "kept.mid")
    began = len(played) - len(kept)  # the music had begun before there was a page
    assert 0 <= began < len(kept)
    assert len(kept) > HALTS
    assert sort(kept) == sort(played[began:])
    sent = told(feed)
    assert len(sent) > HALTS
    assert sort(sent) == sort(kept[len(kept) - len(sent) :])  # the first message holds so many steps and no more
