"""Build what a run needs from its settings: model, composer, sampler, player, and changes for the player.

Law: what is wrong with a bundle or a seed piece is known here, before a port is opened or a note is played. A
conductor that has not changed is used again.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bachd.config import Config
from bachd.config_midi import Midi, for_channel
from bachd.errors import ModelError, SeedError
from bachd.music import midifile, smf
from bachd.music.keys import Key
from bachd.music.message import Message, bank_select, program_change
from bachd.music.metre import Grid
from bachd.music.performance.expression import Expression
from bachd.music.performance.phrase_controller import PhraseController
from bachd.music.piece import Piece
from bachd.neural import assemble
from bachd.neural.bundle import trial_run
from bachd.neural.bundle.bundle import Bundle, folder
from bachd.neural.bundle.card import COMPILED, read_card
from bachd.neural.composer import Composer
from bachd.neural.model import Model, TfliteModel
from bachd.neural.planning.effort import Effort
from bachd.neural.sampling.sampler import Sampler
from bachd.neural.step_buffer import StepBuffer
from bachd.realtime.clock import Clock
from bachd.realtime.clock_out import ClockMode
from bachd.realtime.note_tracker import VoiceMix
from bachd.realtime.performer import Change
from bachd.realtime.player import OnRetract, OnStep, OnWait, Player
from bachd.service import state_dir
from bachd.service.parts import Parts
from bachd.service.tempo_source import make_conductor

if TYPE_CHECKING:
    from bachd.neural.harmonise.harmoniser import Harmoniser

log = logging.getLogger("bachd")


def open_composer(config: Config, rng: int, model: Model | None = None) -> StepBuffer:
    """Open a composer that plays by `config`, but for its rng, and composes ahead. Raises ModelError and SeedError.

    model: the network, if it is open already.
    """
    bundle = Bundle.open(config.model)
    seeded = replace(config, seed=replace(config.seed, rng=rng))
    return StepBuffer(make_composer(seeded, bundle, model or open_model(config.device, bundle)))


def bundle_program(config: Config) -> int:
    """Return the General MIDI program, 0 to 127, that fits the bundle of `config`. Raises ModelError."""
    return read_card(folder(config.model)).program


def open_sampler(config: Config, composer: StepBuffer) -> Sampler:
    """Make the sampler of `config` for a composer that has its model. Raises ModelError."""
    return _sampler(config, Bundle.open(config.model), composer.model, composer.rng)


def open_effort(config: Config) -> Effort:
    """Return how many candidates are composed for each phrase that is played, by `config`."""
    return assemble.effort(config.sampling.lookahead)


def expression(config: Config, rng: int) -> Expression:
    """Make the expression of `config`, with an rng of its own that this one seeds."""
    wanted = config.expression
    return Expression(
        Random(f"expression {rng}"),
        swing=wanted.swing,
        humanise=wanted.humanise_ms / 1e3,
        shaped=wanted.dynamics,
    )


def open_model(device: str, bundle: Bundle) -> TfliteModel:
    """Open the bundle's network on a device of config.DEVICES. Raises ModelError when the one demanded cannot be used.

    Graphs that are not known to run here are run in a child process before. Where there was a choice, the log says
    what was chosen and why, and later, from whichever thread composes, when the CPU has to take over.
    """
    trial_run.ensure(bundle, state_dir.folder())
    demanded = device == "edgetpu"
    if device == "cpu" or (bundle.compiled is None and not demanded):
        return TfliteModel.open(bundle.folder)
    if bundle.compiled is None:
        raise ModelError(
            f"device: edgetpu: model '{bundle.card.name}' was not compiled for it, it has no {COMPILED}; "
            "set device: auto, or compile it with 'bachd-train export --edgetpu'"
        )
    from bachd.neural.edgetpu import open_model  # slow, and seldom needed

    return open_model(bundle.folder, bundle.compiled, demanded=demanded, tell=log.warning)


def make_composer(config: Config, bundle: Bundle, model: Model) -> Composer:
    """Make a composer that plays by `config`. Raises SeedError if the first piece cannot be read or holds no music."""
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


def open_harmoniser(
    config: Config,
    rng: Random,
    *,
    model: Model | None = None,
    grid: Grid | None = None,
    key: Key | None = None,
    voice: int = 0,
) -> Harmoniser:
    """Open what puts other voices to a melody; it takes the likeliest, unless `config` has a temperature.

    model: the network, if it is open already. grid, key, voice: of the melody, see Harmoniser. Raises ModelError.
    """
    bundle = Bundle.open(config.model)
    model = model or open_model(config.device, bundle)
    sampler = _sampler(config, bundle, model, rng, usual=assemble.SUREST)
    return assemble.harmoniser(bundle, model, sampler, grid, key, voice)


def compose_from(config: Config, bundle: Bundle, model: Model, piece: Piece, bars: int, rng: int) -> Composer:
    """Make a composer whose first piece is not of the bundle. bars: how many of it are taken at most."""
    random = Random(rng)
    sampler = _sampler(config, bundle, model, random)
    lookahead = config.sampling.lookahead
    return assemble.composer(bundle, model, sampler, first=piece, bars=bars, rng=random, lookahead=lookahead)


def _sampler(config: Config, bundle: Bundle, model: Model, rng: Random, usual: float | None = None) -> Sampler:
    """usual: the temperature where `config` has none; None: the bundle's."""
    wanted = config.sampling
    return assemble.sampler(
        bundle,
        model,
        rng,
        temperature=usual if wanted.temperature is None else wanted.temperature,
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
    return read_midi(Path(name), "seed.piece")


def read_midi(path: Path, asked: str) -> Piece:
    """Read a .mid file. asked: what wants it, for error texts. Raises SeedError if it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(smf.MOST_BYTES + 1)
    except OSError as fault:
        raise SeedError(f"{asked}: {path} cannot be read: {fault.strerror}") from None
    except UnicodeEncodeError:
        raise SeedError(
            f"{asked}: {str(path)!a} cannot be read: LANG and LC_ALL name a locale without these letters"
        ) from None
    return midifile.read(data, os.fsencode(path.name).decode("utf-8", "backslashreplace"))


def patches(config: Config) -> tuple[tuple[Message, ...], ...]:
    """Return the messages that choose the sound of each channel in use: its bank, then its program."""
    found, midi = [], config.midi
    own = {
        channel: voice.program
        for channel, voice in zip(mix(config).channels, config.voices.each, strict=True)
        if channel is not None
    }
    for channel in dict.fromkeys((*midi.channels, *own)):
        if (program := own.get(channel)) is not None:
            found.append((program_change(channel - 1, program),))
            continue
        program, bank = for_channel(midi.program, channel), for_channel(midi.bank, channel)
        if program is not None:
            selected = () if bank is None else bank_select(channel - 1, bank)
            found.append((*selected, program_change(channel - 1, program)))
    return tuple(found)


def mix(config: Config) -> VoiceMix:
    """Return how the voices sound."""
    return config.voices.mix(config.midi.channels)


def phrase_controller(config: Config) -> PhraseController | None:
    """Return the controller that follows the phrases, on all channels in use; None if the settings want none."""
    number, channels = config.midi.phrase_controller, (*config.midi.channels, *mix(config).channels)
    return None if number is None else PhraseController(number, [channel - 1 for channel in channels if channel])


def make_player(parts: Parts, clock: Clock, *, on_step: OnStep, on_retract: OnRetract, on_wait: OnWait) -> Player:
    """Make a player that plays with these parts."""
    conductor = make_conductor(parts.config, parts.tempo_source)
    calls: dict[str, Any] = {"on_step": on_step, "on_retract": on_retract, "on_wait": on_wait}
    return Player(parts.outputs, conductor, clock, **_manner(parts), **calls)


def make_change(before: Parts, parts: Parts) -> Change:
    """Make the change for a player that has played with the parts `before`, to go on with others."""
    same = parts.tempo_source is before.tempo_source
    conductor = None if same else make_conductor(parts.config, parts.tempo_source)
    manner = _manner(parts)
    if parts.is_for_any_event(before):
        manner["expression"] = None  # which goes on, in the middle of a bar
    if conductor is not None:
        conductor.suspend(parts.gives_way)
    return Change(parts.outputs, parts.config.bpm, conductor=conductor, **manner)


def _manner(parts: Parts) -> dict[str, Any]:
    """The parameters that a player and a change have in common."""
    midi = parts.config.midi
    return {
        "channels": midi.channels,
        "patches": patches(parts.config),
        "mix": mix(parts.config),
        "latency": midi.latency_ms / 1e3,
        "expression": expression(parts.config, parts.rng),
        "clock_mode": _clock_mode(midi),
        "phrase_controller": phrase_controller(parts.config),
    }


def _clock_mode(midi: Midi) -> ClockMode:
    if midi.clock is None:
        return ClockMode.OFF
    return ClockMode.ALWAYS if midi.clock.while_stopped else ClockMode.PLAYING
