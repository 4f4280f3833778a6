from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bachd.config import Config
from bachd.errors import OutputError
from bachd.midi.fan_out import Outputs
from bachd.service.factory import open_composer, open_sampler
from bachd.service.parts import Exchange, Parts
from bachd.service.tempo_source import Lead
from bachd.sync.conductor import Following
from bachd.sync.midi_master import Master
from tests.fakes import FakeClock, RecordingOutput


@pytest.fixture(scope="module")
def first() -> Parts:
    return Parts(Config(), 1, open_composer(Config(), 1), Outputs(()))


def outputs(number: int) -> Sequence[RecordingOutput]:
    return [RecordingOutput(FakeClock()) for _ in range(number)]


def test_what_is_offered_is_used_when_it_is_taken(first: Parts) -> None:
    async def offer() -> None:
        exchange = Exchange(first)
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
        exchange.settle()
        await using

    asyncio.run(offer())


def parts(first: Parts, *outputs: RecordingOutput) -> Parts:
    return Parts(Config(), 1, first.composer, Outputs(outputs))


def test_outputs_are_left_after_they_are_exchanged_but_for_those_that_are_used_again(first: Parts) -> None:
    old, kept, new = outputs(3)
    exchange = Exchange(parts(first, old, kept))
    exchange.offer(parts(first, kept, new))
    assert not exchange.settle()
    exchange.take()
    assert exchange.settle()
    exchange.leave()
    assert (old.closed, kept.closed, new.closed) == (True, False, False)
    exchange.close()
    assert (old.closed, kept.closed, new.closed) == (True, True, True)


def test_a_newer_offer_is_taken_instead_of_an_older_one(first: Parts) -> None:
    old, kept, new = outputs(3)
    exchange = Exchange(parts(first, old))
    exchange.offer(parts(first, kept, new))
    exchange.offer(parts(first, kept))
    assert exchange.settle()
    exchange.leave()
    assert (old.closed, kept.closed, new.closed) == (False, False, True)
    exchange.take()
    exchange.settle()
    exchange.leave()
    assert (old.closed, kept.closed) == (True, False)


def test_nothing_is_closed_while_it_may_be_used_again(first: Parts) -> None:
    old, new = outputs(2)
    exchange = Exchange(parts(first, old))
    exchange.offer(parts(first, new))
    with exchange.keeping():
        exchange.take()
        assert not exchange.settle()
        exchange.offer(parts(first, old))
    assert exchange.settle()
    exchange.leave()
    assert (old.closed, new.closed) == (False, False)
    exchange.take()
    exchange.settle()
    exchange.leave()
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
    exchange = Exchange(replace(first, lead=Lead(Following(Master()), one)))
    exchange.offer(replace(first, lead=Lead(Following(Master()), other)))
    exchange.offer(replace(first, lead=None))
    exchange.take()
    exchange.settle()
    exchange.leave()
    exchange.close()
    assert (one.closed, other.closed) == (1, 1)


def test_what_was_offered_in_vain_is_closed_too(first: Parts) -> None:
    old, new = outputs(2)
    exchange = Exchange(parts(first, old))
    exchange.offer(parts(first, new))
    exchange.close()
    assert old.closed
    assert new.closed


def test_an_output_that_fails_when_it_is_left_is_told(first: Parts, caplog: pytest.LogCaptureFixture) -> None:
    class Full(RecordingOutput):
        def close(self) -> None:
            raise OutputError("the disk is full")

    exchange = Exchange(parts(first, Full(FakeClock())))
    exchange.offer(first)
    exchange.take()
    exchange.settle()
    with caplog.at_level(logging.WARNING):
        exchange.leave()
    assert caplog.messages == ["the disk is full"]
