"""Weeks of music in the page's process: what it heard of an event is gone some events later."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

from bachd.config import Config
from bachd.service.factory import open_composer
from bachd.service.web.server.feed import Feed
from bachd.service.web.server.music_files.recording import Recording
from tests.fresh_process import in_fresh_process
from tests.service.web.played import played

EVENTS = 10_000
"""Two hours of them at 84 quarters a minute."""
SETTLING = 1000
MOST = 10_000
"""Bytes by which they may add to what is kept: one for each."""


def test_two_hours_of_music_leave_nothing_behind(tmp_path: Path) -> None:
    assert in_fresh_process("tests.service.web.server.test_memory", "grown", str(tmp_path)) < MOST


def grown(folder: str) -> int:
    """Return by how many bytes that music adds to what is kept."""
    feed, recording = Feed(lambda _: None, lambda *_: None), Recording(Path(folder), "a run")
    composer = open_composer(Config(), 1)
    told = played(" ".join(str(composer.next().event) for _ in range(500)))
    settled = 0
    tracemalloc.start()
    try:
        for number in range(SETTLING + EVENTS):
            line = json.dumps({"type": "step", "step": {**told[number % len(told)], "n": number}})
            message = json.loads(line)
            feed.receive(message, line)
            plan: Any = [{**message["step"], "n": number + ahead} for ahead in (1, 2)]
            feed.receive({"type": "plan", "steps": plan}, "")
            if number % 100 == 0:
                recording.add(message["step"])
            if number == SETTLING:
                settled, _ = tracemalloc.get_traced_memory()
        return tracemalloc.get_traced_memory()[0] - settled
    finally:
        tracemalloc.stop()
