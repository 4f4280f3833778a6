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
from bachd.midi import ports
from bachd.midi.fan_out import FanOut
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.service import factory
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

    def alike(*keys: str, among: Sequence[Parts] = present) -> Parts | None:
        """Return the newest parts whose settings have the wanted values of some keys."""
        values = attrgetter(*keys)
        return next((parts for parts in among if values(parts.config) == values(wanted)), None)

    if same := alike("model", "device", "seed"):
        rng, composer, sampler, effort = same.rng, same.composer, same.sampler, same.effort
        if wanted.sampling != same.config.sampling:
            sampler, effort = factory.open_sampler(wanted, composer), factory.open_effort(wanted)
    else:
        network = alike("model", "device")
        rng, sampler, effort = randbits(32) if wanted.seed.rng is None else wanted.seed.rng, None, None
        composer = factory.open_composer(wanted, rng, network.composer.model if network else None)
    require_voices(wanted)
    with ExitStack() as opened:
        if same_tempo := alike("tempo", "midi.input", "midi.wait_for_start"):
            tempo_source = same_tempo.tempo_source
        elif tempo_source := open_tempo_source(wanted, call):
            opened.callback(tempo_source.input.close)
        heard = alike("midi.input", "midi.input_channels", among=[parts for parts in present if parts.person])
        person = heard.person if heard and is_wanted(wanted) else None
        if person is None and (person := open_person(wanted, call)) is not None:
            opened.callback(person.close)
        if sent := alike("midi.output", "midi.offsets", "midi.thru_only", "speaker.card", "speaker.soundfont"):
            outputs = sent.outputs
        else:
            old = FanOut([output for parts in present for output in parts.outputs.outputs])
            midi, sound = wanted.midi, wanted.speaker.settings
            outputs = ports.open_outputs(
                midi.output, clock, lateness, present=old, offsets=midi.offsets, thru=midi.thru_only, speaker=sound
            )
        opened.pop_all()
    for remark in remarks(wanted):
        if not present or remark not in remarks(present[0].config):
            log.warning("%s", remark)
    return Parts(wanted, rng, composer, outputs, sampler, tempo_source, effort, person, factory.bundle_program(wanted))
