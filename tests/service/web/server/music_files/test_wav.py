"""Sound that is sent while it is played."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bachd.midi.speaker import fluidsynth
from bachd.service.web.server.music_files import wav

PATIENCE = 30


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
            await asyncio.sleep(0.1)
        async with asyncio.timeout(PATIENCE):
            await chunks.aclose()

    asyncio.run(read_a_little())
    assert not Path("/proc", endless.read_text().strip()).exists()
