"""Weeks of music in the page's process: what it heard of an event is gone some events later."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

from bachd.config import Config
from bachd.service.factory import open_composer
from bachd.service.web.server.feed import Feed
from bachd.service.web.server.recording import Journal
from bachd.service.web.step_json import described

EVENTS = 10_000
"""Two hours of them at 84 quarters a minute."""
SETTLING = 1000
MOST = 10_000
"""Bytes by which they may add to what is kept: one for each."""


def test_two_hours_of_music_leave_nothing_behind(tmp_path: Path) -> None:
    feed, journal = Feed(lambda _: None), Journal(tmp_path, "a run")
    plan = open_composer(Config(), 1)
    told = [described(plan.next(), number, number, number, 84, (1,)) for number in range(500)]
    settled = 0
    tracemalloc.start()
    try:
        for number in range(SETTLING + EVENTS):
            line = json.dumps({"type": "step", "step": {**told[number % len(told)], "n": number}})
            message = json.loads(line)
            feed.hear(message, line)
            feed.hear({"type": "plan", "steps": [{**message["step"], "n": number + ahead} for ahead in (1, 2)]}, "")
            if number % 100 == 0:
                journal.add(message["step"])
            if number == SETTLING:
                settled, _ = tracemalloc.get_traced_memory()
        grown = tracemalloc.get_traced_memory()[0] - settled
    finally:
        tracemalloc.stop()
    assert grown < MOST
