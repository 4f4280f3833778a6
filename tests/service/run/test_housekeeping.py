"""What is drawn of the music, and when."""

from __future__ import annotations

import asyncio
from typing import Any

from bachd.music.message import note_off, note_on
from bachd.music.piece import Step
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from bachd.service.run.cells import LiveNotes
from bachd.service.run.housekeeping import AFTER, Housekeeping
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import FakeClock, run, steps


class View:
    """In place of a terminal."""

    def __init__(self) -> None:
        self.drawn: list[tuple[float, str]] = []
        self.live = LiveNotes()

    def redraw(self) -> None:
        self.drawn.append((round(asyncio.get_running_loop().time(), 3), self.live.text()))

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


def test_the_notes_of_a_chord_are_drawn_together() -> None:
    view = View()
    unused: Any = None

    async def play() -> None:
        housekeeping = Housekeeping(unused, RunStats(Lateness()), unused, FakeClock(), unused)
        housekeeping._view = view  # type: ignore[assignment]
        for moment, message in ((1.0, note_on(0, 60, 64)), (1.01, note_on(0, 64, 64)), (2.0, note_off(0, 60))):
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            housekeeping.live([TimedMessage(moment, 0.0, message)], True)
        await asyncio.sleep(1)

    run(play())
    assert view.drawn == [(1.0 + AFTER, "   you C4 E4"), (2.0 + AFTER, "   you E4")]
