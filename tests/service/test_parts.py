from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import pytest

from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.fan_out import FanOut
from bachd.service.factory import open_composer, open_sampler
from bachd.service.parts import Parts, PartsExchange
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
        offering = asyncio.ensure_future(exchange.offer(new))
        await asyncio.sleep(0)
        assert exchange.present is first
        assert exchange.take() is exchange.present is new
        assert first.composer._sampler is new.sampler
        await asyncio.sleep(0)
        assert not offering.done()
        assert not exchange.confirm()
        await offering

    asyncio.run(offer())


def test_outputs_are_left_after_they_are_exchanged_but_for_those_that_are_used_again(first: Parts) -> None:
    async def offer() -> None:
        old, kept, new = outputs(3)
        exchange = PartsExchange(Parts(Config(), 1, first.composer, FanOut([old, kept])))
        offering = asyncio.ensure_future(exchange.offer(Parts(Config(), 1, first.composer, FanOut([kept, new]))))
        await asyncio.sleep(0)
        assert not exchange.confirm()
        exchange.take()
        assert exchange.confirm()
        exchange.close_replaced()
        assert (old.closed, kept.closed, new.closed) == (True, False, False)
        exchange.close()
        assert (old.closed, kept.closed, new.closed) == (True, True, True)
        await offering

    asyncio.run(offer())


def test_what_was_offered_in_vain_is_closed_too(first: Parts) -> None:
    async def offer() -> None:
        old, new = outputs(2)
        exchange = PartsExchange(Parts(Config(), 1, first.composer, FanOut([old])))
        offering = asyncio.ensure_future(exchange.offer(Parts(Config(), 1, first.composer, FanOut([new]))))
        await asyncio.sleep(0)
        offering.cancel()
        exchange.close()
        assert old.closed
        assert new.closed

    asyncio.run(offer())


def test_an_output_that_fails_when_it_is_left_is_told(first: Parts, caplog: pytest.LogCaptureFixture) -> None:
    class Full(RecordingOutput):
        def close(self) -> None:
            raise OutputError("the disk is full")

    exchange = PartsExchange(Parts(Config(), 1, first.composer, FanOut([Full(FakeClock())])))

    async def offer() -> None:
        offering = asyncio.ensure_future(exchange.offer(first))
        await asyncio.sleep(0)
        exchange.take()
        exchange.confirm()
        await offering

    asyncio.run(offer())
    with caplog.at_level(logging.WARNING):
        exchange.close_replaced()
    assert caplog.messages == ["the disk is full"]
