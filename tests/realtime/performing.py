"""A player that plays a script to nobody, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from bachd.music.piece import Step
from bachd.realtime.player import Player
from bachd.realtime.transport import Conductor, Transport
from tests.fakes import FakeClock, RecordingOutput, run, scripted

Script = Sequence[Step | float | Exception]
At = tuple[float, Callable[[FakeClock], object]]


def play(
    script: Script,
    *,
    bpm: float = 120.0,
    stop: float | None = None,
    at: At | None = None,
    then: At | None = None,
    conductor: Conductor | None = None,
    **how: Any,
) -> Played:
    """Perform a script; stop it `stop` seconds after its start, and do something to the clock `at` a moment."""
    lead = how.pop("lead", 0.1)
    clock = FakeClock()
    output = RecordingOutput(clock)

    async def perform() -> BaseException | None:
        performance = asyncio.ensure_future(
            Player(output, conductor or Transport(bpm, lead), clock, **how).perform(scripted(script))
        )
        if stop is not None:
            asyncio.get_running_loop().call_later(stop, performance.cancel)
        for moment, act in filter(None, (at, then)):
            asyncio.get_running_loop().call_later(moment, act, clock)
        await asyncio.wait((performance,))
        return None if performance.cancelled() else performance.exception()

    fault = run(perform())
    return Played(output, fault)


class Played:
    """What came of a performance."""

    def __init__(self, output: RecordingOutput, fault: BaseException | None) -> None:
        self.output, self.fault = output, fault
        self.log, self.signs, self.calls = output.log, output.signs, output.calls
        self.messages = [timed.message for timed in output.messages]
