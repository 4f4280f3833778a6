"""Sound that is sent while it is played."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bachd.midi.speaker import fluidsynth
from bachd.service.web.server.music_files import wav

PATIENCE = 30
TURNS = 50
"""Turns of the loop in which nothing more is read: the pipe is full, and the buffer behind it."""


async def until_full(named: Path) -> None:
    """Wait until the player can write no more."""
    turns, before, end = 0, "", time.monotonic() + PATIENCE
    while turns < TURNS:
        assert time.monotonic() < end
        await asyncio.sleep(0)
        turns, before = (turns + 1, before) if (now := written(named)) == before else (0, now)


def written(named: Path) -> str:
    """What the kernel says that the player has written."""
    counts = Path("/proc", named.read_text().strip(), "io").read_text().splitlines()
    return next(line for line in counts if line.startswith("wchar"))


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fluidsynth that plays on and on, faster than anybody reads; the file in which its process is named."""
    player, named = tmp_path / "fluidsynth", tmp_path / "pid"
    player.write_text(f'#!/bin/sh\necho $$ > "{named}"\nexec cat /dev/zero\n')
    player.chmod(0o755)
    monkeypatch.setattr(fluidsynth, "find", lambda: (player, tmp_path / "font.sf2"))
    return named


@pytest.mark.parametrize("taken", [1, 5])
def test_a_client_that_stops_reading_and_goes_away_leaves_nothing_behind(endless: Path, taken: int) -> None:
    """Also if by then the pipe and the buffer behind it are full."""

    async def read_a_little() -> None:
        chunks = wav.play(Path("x.mid"), wav.length(600))
        for _ in range(taken):
            await anext(chunks)
            await until_full(endless)
        async with asyncio.timeout(PATIENCE):
            await chunks.aclose()

    asyncio.run(read_a_little())
    assert not Path("/proc", endless.read_text().strip()).exists()
