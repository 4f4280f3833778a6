"""Hours of music with the settings as they come: ten thousand events, through the composer and the player."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bachd.config import Config
from bachd.music.piece import Step
from bachd.music.stretches import frozen, periodic
from bachd.neural.bundle import Bundle
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service.composing import open_composer
from tests.fakes import FakeClock, RecordingOutput, run

EVENTS = 10_000


@pytest.mark.parametrize("rng", [1, 2, 3])
def test_ten_thousand_events_never_freeze_circle_stray_or_hang(rng: int) -> None:
    config = Config()
    composer = open_composer(config, rng)
    steps: list[Step] = []
    clock = FakeClock()
    output = RecordingOutput(clock)

    async def compose() -> Step | None:
        if len(steps) == EVENTS:
            return None
        steps.append(composer.next())
        return steps[-1]

    run(Player(output, Transport(config.bpm), clock).perform(compose))

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
