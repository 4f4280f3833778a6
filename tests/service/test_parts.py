from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.fan_out import FanOut
from bachd.service.factory import open_composer, open_sampler
from bachd.service.parts import Parts, PartsExchange
from bachd.service.tempo_source import TempoSource
from bachd.sync.conductor import FollowingConductor
from bachd.sync.midi_master import MidiMaster
from tests.fakes import FakeClock, RecordingOutput


@pytest.fixture(scope="module")
def first() -> Parts:
    return Parts(Config(), 1, open_composer(Config(), 1), FanOut(()))


def outputs(number: int) -> Sequence[RecordingOutput]:
    return [RecordingOutput(FakeClock()) for _ in range(number)]


def test_what_is_offered_is_used_when_it_is_taken(first: Parts) -> None:
    async def offer() -> None:
        exchange = PartsExchange(first)
        assert exchange.take() is None
        new = Parts(Config(tempo=96), 1, first.composer, first.outputs, open_sampler(Config(), first.composer))
        exchange.offer(new)
        assert exchange.present is first
        assert exchange.latest is new
        using = asyncio.ensure_future(exchange.used())
        assert exchange.take() is new
        assert exchange.latest is exchange.present == replace(new, sampler=None)
        assert first.composer._sampler is new.sampler
        await asyncio.sleep(0)
        assert not using.done()
        exchange.confirm()
        await using

    asyncio.run(offer())


def parts(first: Parts, *outputs: RecordingOutput) -> Parts:
    return Parts(Config(), 1, first.composer, FanOut(outputs))


def test_outputs_are_left_after_they_are_exchanged_but_for_those_that_are_used_again(first: Parts) -> None:
    old, kept, new = outputs(3)
    exchange = PartsExchange(parts(first, old, kept))
    exchange.offer(parts(first, kept, new))
    assert not exchange.confirm()
    exchange.take()
    assert exchange.confirm()
    exchange.close_replaced()
    assert (old.closed, kept.closed, new.closed) == (True, False, False)
    exchange.close()
    assert (old.closed, kept.closed, new.closed) == (True, True, True)


def test_a_newer_offer_is_taken_instead_of_an_older_one(first: Parts) -> None:
    old, kept, new = outputs(3)
    exchange = PartsExchange(parts(first, old))
    exchange.offer(parts(first, kept, new))
    exchange.offer(parts(first, kept))
    assert exchange.confirm()
    exchange.close_replaced()
    assert (old.closed, kept.closed, new.closed) == (False, False, True)
    exchange.take()
    exchange.confirm()
    exchange.close_replaced()
    assert (old.closed, kept.closed) == (True, False)


def test_nothing_is_closed_while_it_may_be_used_again(first: Parts) -> None:
    old, new = outputs(2)
    exchange = PartsExchange(parts(first, old))
    exchange.offer(parts(first, new))
    with exchange.keeping():
        exchange.take()
        assert not exchange.confirm()
        exchange.offer(parts(first, old))
    assert exchange.confirm()
    exchange.close_replaced()
    assert (old.closed, new.closed) == (False, False)
    exchange.take()
    exchange.confirm()
    exchange.close_replaced()
    assert (old.closed, new.closed) == (False, True)


class Source:
    """Where a tempo would come from."""

    description = "nowhere"
    closed = 0

    def poll(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        self.closed += 1


def test_a_tempo_source_is_closed_once_when_it_is_left(first: Parts) -> None:
    one, other = Source(), Source()
    exchange = PartsExchange(replace(first, tempo_source=TempoSource(FollowingConductor(MidiMaster()), one)))
    exchange.offer(replace(first, tempo_source=TempoSource(FollowingConductor(MidiMaster()), other)))
    exchange.offer(replace(first, tempo_source=None))
    exchange.take()
    exchange.confirm()
    exchange.close_replaced()
    exchange.close()
    assert (one.closed, other.closed) == (1, 1)


def test_what_was_offered_in_vain_is_closed_too(first: Parts) -> None:
    old, new = outputs(2)
    exchange = PartsExchange(parts(first, old))
    exchange.offer(parts(first, new))
    exchange.close()
    assert old.closed
    assert new.closed


def test_an_output_that_fails_when_it_is_left_is_told(first: Parts, caplog: pytest.LogCaptureFixture) -> None:
    class Full(RecordingOutput):
        def close(self) -> None:
            raise OutputError("the disk is full")

    exchange = PartsExchange(parts(first, Full(FakeClock())))
    exchange.offer(first)
    exchange.take()
    exchange.confirm()
    with caplog.at_level(logging.WARNING):
        exchange.close_replaced()
    assert caplog.messages == ["the disk is full"]
