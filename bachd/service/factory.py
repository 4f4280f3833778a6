"""Build what a run needs from its settings: model, composer, sampler, player.

Law: what is wrong with a bundle or a seed piece is known here, before a port is opened or a note is played. What has
not changed is used again: a conductor, a clock that is sent.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from bachd.config import Config
from bachd.errors import ModelError, SeedError
from bachd.music import midifile, smf
from bachd.music.expression import Expression
from bachd.music.piece import Piece, Step
from bachd.neural import assemble
from bachd.neural.bundle import COMPILED, Bundle
from bachd.neural.composer import Composer
from bachd.neural.effort import Effort
from bachd.neural.model import Model, TfliteModel
from bachd.neural.sampler import Sampler
from bachd.neural.step_buffer import StepBuffer
from bachd.realtime.clock import Clock
from bachd.realtime.player import Player
from bachd.service.parts import Parts
from bachd.service.tempo_source import conductor, pulse

log = logging.getLogger("bachd")


def open_composer(config: Config, rng: int, model: Model | None = None) -> StepBuffer:
    """A composer that plays by `config`, but for its rng, and can plan ahead. Raises ModelError and SeedError.

    model: the network, if it is open already.
    """
    bundle = Bundle.open(config.model)
    seeded = replace(config, seed=replace(config.seed, rng=rng))
    return StepBuffer(make_composer(seeded, bundle, model or open_model(config.device, bundle)))


def open_sampler(config: Config, composer: StepBuffer) -> Sampler:
    """What `composer`, who has the model of `config`, is to draw with by it. Raises ModelError."""
    return _sampler(config, Bundle.open(config.model), composer.model, composer.rng)


def open_effort(config: Config) -> Effort:
    """How many candidates are composed for what is played, by `config`."""
    return assemble.effort(config.sampling.lookahead)


def expression(config: Config, rng: int) -> Expression:
    """How the notes are struck, by `config` and with an rng of their own that this one seeds."""
    wanted = config.expression
    return Expression(
        Random(f"expression {rng}"),
        swing=wanted.swing,
        humanise=wanted.humanise_ms / 1e3,
        shaped=wanted.dynamics,
    )


def open_model(device: str, bundle: Bundle) -> TfliteModel:
    """The bundle's network on a device of config.DEVICES. Raises ModelError when the one demanded cannot be used.

    Where there was a choice, the log tells what was chosen and why, and later, from whichever thread composes, when the
    CPU has to take over.
    """
    demanded = device == "edgetpu"
    if device == "cpu" or (bundle.compiled is None and not demanded):
        return TfliteModel.open(bundle.folder)
    if bundle.compiled is None:
        raise ModelError(
            f"device: edgetpu: model '{bundle.card.name}' was not compiled for it, it has no {COMPILED}; "
            "set device: auto, or compile it with 'bachd-train export --edgetpu'"
        )
    from bachd.neural import edgetpu  # nobody pays for it who has no use for it

    return edgetpu.open_model(bundle.folder, bundle.compiled, demanded=demanded, tell=log.warning)


def make_composer(config: Config, bundle: Bundle, model: Model) -> Composer:
    """A composer that plays by `config`. Raises SeedError when the first piece cannot be read or holds no music."""
    rng = Random(config.seed.rng)
    return assemble.composer(
        bundle,
        model,
        _sampler(config, bundle, model, rng),
        first=_first(config.seed.piece, bundle, rng),
        bars=config.seed.bars,
        rng=rng,
        lookahead=config.sampling.lookahead,
    )


def _sampler(config: Config, bundle: Bundle, model: Model, rng: Random) -> Sampler:
    wanted = config.sampling
    return assemble.sampler(
        bundle,
        model,
        rng,
        temperature=wanted.temperature,
        top_p=wanted.top_p,
        key=wanted.key,
        leading=wanted.leading,
        pitches=wanted.range,
    )


def _first(name: str | None, bundle: Bundle, rng: Random) -> Piece:
    if name is None:
        name = rng.choice(bundle.seed_names)
    if name in bundle.seed_names:
        return bundle.seed(name)
    path = Path(name)
    try:
        with path.open("rb") as file:
            data = file.read(smf.MOST_BYTES + 1)
    except OSError as fault:
        raise SeedError(f"seed.piece: {name} cannot be read: {fault.strerror}") from None
    return midifile.read(data, path.name)


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
