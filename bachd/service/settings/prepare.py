"""Open what new settings need while the music plays.

Law: nothing is given up before what replaces it is there; what is open already is used again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from operator import attrgetter
from secrets import randbits

from bachd.config import Config
from bachd.midi.fan_out import FanOut
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.service.parts import Parts
from bachd.service.person_source import is_wanted, open_person, require_voices
from bachd.service.settings.remarks import remarks
from bachd.service.tempo_source import Call, open_tempo_source

log = logging.getLogger("bachd")


def prepare(wanted: Config, present: Sequence[Parts], clock: Clock, lateness: Lateness, call: Call) -> Parts:
    """Return what to play with by these settings. Loads and opens what is new; may take a second.

    present: what is offered and what is played with, the newest first. call: see tempo_source.py.

    Raises SeedError, ModelError and OutputError; nothing has changed then.
    """
    from bachd.midi.ports import open_outputs
    from bachd.service.factory import bundle_program, open_composer, open_effort, open_sampler

    def alike(*keys: str) -> Parts | None:
        """Return the newest parts whose settings have the wanted values of some keys."""
        values = attrgetter(*keys)
        return next((parts for parts in present if values(parts.config) == values(wanted)), None)

    if same := alike("model", "device", "seed"):
        rng, composer, sampler, effort = same.rng, same.composer, same.sampler, same.effort
        if wanted.sampling != same.config.sampling:
            sampler, effort = open_sampler(wanted, composer), open_effort(wanted)
    else:
        network = alike("model", "device")
        rng, sampler, effort = randbits(32) if wanted.seed.rng is None else wanted.seed.rng, None, None
        composer = open_composer(wanted, rng, network.composer.model if network else None)
    require_voices(wanted)
    with ExitStack() as opened:
        if same_tempo := alike("tempo", "midi.input", "midi.wait_for_start"):
            tempo_source = same_tempo.tempo_source
        elif tempo_source := open_tempo_source(wanted, call):
            opened.callback(tempo_source.input.close)
        heard = next((parts.person for parts in present if parts.person and _listens_alike(parts.config, wanted)), None)
        person = heard if is_wanted(wanted) else None
        if person is None and (person := open_person(wanted, call)) is not None:
            opened.callback(person.close)
        if sent := alike("midi.output", "midi.offsets", "speaker.card", "speaker.soundfont"):
            outputs = sent.outputs
        else:
            there = FanOut([output for parts in present for output in parts.outputs.outputs])
            midi, speaker = wanted.midi, wanted.speaker.settings
            outputs = open_outputs(midi.output, clock, lateness, present=there, offsets=midi.offsets, speaker=speaker)
        opened.pop_all()
    known = remarks(present[0].config) if present else []
    for remark in remarks(wanted):
        if remark not in known:
            log.warning("%s", remark)
    return Parts(wanted, rng, composer, outputs, sampler, tempo_source, effort, person, program=bundle_program(wanted))


def _listens_alike(one: Config, other: Config) -> bool:
    return (one.midi.input, one.midi.input_channels) == (other.midi.input, other.midi.input_channels)
