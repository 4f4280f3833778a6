"""What the page asks for while the music follows somebody else."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.errors import UsageError
from bachd.midi.fan_out import FanOut
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.player import Player
from bachd.service.factory import open_composer
from bachd.service.parts import Parts, PartsExchange
from bachd.service.web.commands import Steering
from bachd.sync.conductor import FollowingConductor
from bachd.sync.midi_master import MidiMaster
from tests.fakes import RecordingOutput


def test_who_is_followed_alone_halts_the_music_but_what_hangs_is_silenced(tmp_path: Path) -> None:
    clock = MonotonicClock()
    output = RecordingOutput(clock)
    player = Player(output, FollowingConductor(MidiMaster()), clock)

    async def ask() -> None:
        with ThreadPoolExecutor(1) as thread:
            exchange = PartsExchange(Parts(Config(), 1, open_composer(Config(), 1), FanOut([output])))
            wheel = Steering(tmp_path / "config.yaml", exchange, player, asyncio.Event(), thread)
            for order, verb in (("play", "start"), ("pause", "halt"), ("stop", "halt")):
                with pytest.raises(UsageError, match=f"follows somebody else's clock; {verb} it there"):
                    await wheel.handle(order, None)
            assert not output.messages
            assert await wheel.handle("panic", None) == {"playing": False}

    asyncio.run(ask())
    assert any(timed.message.type == "control_change" and timed.message.control == 123 for timed in output.messages)
