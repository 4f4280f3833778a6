"""Hours of music with all the expression there is: thousands of events, through the composer and the player."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bachd.config import Config, Expression, Sampling
from bachd.music.loop_detector import frozen, periodic
from bachd.music.piece import Step
from bachd.neural.bundle.bundle import Bundle
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from bachd.service.factory import expression, open_composer
from bachd.service.render import until
from tests.fakes import FakeClock, RecordingOutput, run


@pytest.mark.parametrize(("rng", "events"), [(1, 10_000), (2, 2_500), (3, 2_500)])
def test_thousands_of_events_never_freeze_circle_stray_or_hang(rng: int, events: int) -> None:
    played = Expression(swing=66.0, humanise_ms=30.0, ritardando=1.0)
    config = Config(expression=played, sampling=Sampling(lookahead=1))
    music = until(events, open_composer(config, rng), config.expression.ritardando)
    steps: list[Step] = []
    clock = FakeClock()
    output = RecordingOutput(clock)

    async def compose(_opens_bar: bool) -> Composed | None:
        if len(steps) == events:
            return None
        steps.append(next(music))
        return Composed(steps[-1])

    run(Player(output, Transport(config.bpm), clock, expression=expression(config, rng)).perform(compose))

    assert any(step.pace < 1 for step in steps)
    assert frozen((step.event, step.place) for step in steps) == []
    assert periodic([step.event for step in steps]) == {}
    low, high = Bundle.open(config.model).card.pitches
    sounding: set[int] = set()
    for timed in output.messages:
        message = timed.message
        if message.type == "note_on":
            assert low <= message.note <= high
            assert message.note not in sounding
            sounding.add(message.note)
        elif message.type == "note_off":
            sounding.remove(message.note)
    assert not sounding
    pieces = [step.piece for step in steps if step.opens]
    assert len(set(pieces)) > 20
    assert all(one != other for one, other in pairwise(pieces))
