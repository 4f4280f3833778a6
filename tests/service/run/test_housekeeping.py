"""What is drawn of the music, and when."""

from __future__ import annotations

import asyncio
from typing import Any

from bachd.music.piece import Step
from bachd.realtime.lateness import Lateness
from bachd.service.run.housekeeping import AFTER, Housekeeping
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import FakeClock, run, steps


class View:
    """In place of a terminal."""

    def __init__(self) -> None:
        self.drawn: list[tuple[float, str]] = []

    def show(self, step: Step) -> None:
        self.drawn.append((round(asyncio.get_running_loop().time(), 3), str(step.event)))


def test_a_step_is_drawn_when_it_sounds_and_not_at_all_if_it_does_not() -> None:
    view = View()
    unused: Any = None  # parts that are not asked

    async def play() -> None:
        housekeeping = Housekeeping(unused, RunStats(Lateness()), unused, FakeClock(), unused)
        housekeeping._view = view  # type: ignore[assignment]
        for number, step in enumerate(steps("C4 D4 E4")):
            housekeeping.show(step, 1.0 + number)
        await asyncio.sleep(2.5)
        housekeeping.retract(2.5)
        await asyncio.sleep(2.5)
        (again,) = steps("G4")
        housekeeping.show(again, 6.0)
        await asyncio.sleep(2.5)

    run(play())
    assert view.drawn == [(1.0 + AFTER, "C4"), (2.0 + AFTER, "D4"), (6.0 + AFTER, "G4")]
