"""From settings to a player, and to another way of playing.

Law: what has not changed goes on as it is: a conductor, a clock that is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bachd.config import Config
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.player import Player
from bachd.service.composing import expression
from bachd.service.exchange import Parts
from bachd.service.lead import conductor, pulse


def make_player(
    parts: Parts, clock: Clock, *, on_step: Callable[[Step, float], None], on_wait: Callable[[], None]
) -> Player:
    """A player that plays with these parts. on_step, on_wait: what it calls, see player.py."""
    return Player(
        parts.outputs,
        conductor(parts.config, parts.lead),
        clock,
        **_manner(parts.config, parts.rng),
        pulse=pulse(parts.config),
        on_step=on_step,
        on_wait=on_wait,
    )


def change(player: Player, before: Parts, parts: Parts) -> None:
    """Have the player, who has played with the parts `before`, go on with others."""
    player.change(
        parts.outputs,
        bpm=parts.config.bpm,
        conductor=None if parts.lead is before.lead else conductor(parts.config, parts.lead),
        pulse=None if parts.config.midi.clock == before.config.midi.clock else pulse(parts.config),
        **_manner(parts.config, parts.rng),
    )


def _manner(config: Config, rng: int) -> dict[str, Any]:
    """How a player is to play."""
    midi = config.midi
    return {
        "channels": midi.channels,
        "program": midi.program,
        "latency": midi.latency_ms / 1e3,
        "expression": expression(config, rng),
    }
