"""Open what a run plays with: the composer in a thread, the outputs and the tempo source meanwhile.

Law: a model or a seed piece that can no longer be opened is replaced by the one that was last played, if there is one.
If one part cannot be opened, those that were are closed.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bachd.config import Config
from bachd.errors import ModelError, SeedError
from bachd.service.parts import Parts
from bachd.service.person_source import open_or_warn
from bachd.service.settings.remarks import remarks
from bachd.service.tempo_source import open_tempo_source

if TYPE_CHECKING:
    from bachd.neural.step_buffer import StepBuffer
    from bachd.realtime.clock import Clock
    from bachd.realtime.lateness import Lateness

log = logging.getLogger("bachd")


async def open_parts(
    config: Config, path: Path | None, rng: int, clock: Clock, lateness: Lateness, thread: Executor, *, awaiting: bool
) -> Parts:
    """Open all that the settings ask for. Raises BachdError if something cannot be opened.

    path: the file of the settings. thread: where the composer is loaded. awaiting: whether to wait for missing synths.
    """
    loop = asyncio.get_running_loop()
    loading = loop.run_in_executor(thread, _open_composer, config, path, rng)
    with ExitStack() as opened:
        opened.callback(loading.cancel)
        _log_address(config)
        from bachd.midi.ports import open_outputs

        for remark in remarks(config):
            log.warning("%s", remark)
        midi, speaker = config.midi, config.speaker.settings
        outputs = open_outputs(
            midi.output, clock, lateness, awaiting=awaiting, offsets=midi.offsets, thru=midi.thru_only, speaker=speaker
        )
        opened.callback(outputs.close)
        tempo_source = await loop.run_in_executor(None, open_tempo_source, config, loop.call_soon_threadsafe)
        if tempo_source is not None:
            opened.callback(tempo_source.input.close)
        person = await loop.run_in_executor(None, open_or_warn, config, loop.call_soon_threadsafe)
        if person is not None:
            opened.callback(person.close)
        config, composer, program = await loading
        opened.pop_all()
    return Parts(config, rng, composer, outputs, tempo_source=tempo_source, person=person, program=program)


def _log_address(config: Config) -> None:
    """On a terminal, log the page's address before anything else: without a synth the music sounds there."""
    listen = config.web.listen
    if listen is not None and listen[0] == "127.0.0.1" and sys.stderr.isatty():
        log.info("to hear it in a browser, open http://%s:%d/", *listen)


def _open_composer(config: Config, path: Path | None, rng: int) -> tuple[Config, StepBuffer, int]:
    """Open the composer of these settings, or of the last good ones.

    Returns the settings that it was opened with, too, and the General MIDI program that fits its bundle, 0 to 127.
    """
    from bachd.service.factory import bundle_program, open_composer

    try:
        return config, open_composer(config, rng), bundle_program(config)
    except (ModelError, SeedError) as fault:
        fallback = _last_good_model(config, path)
        if fallback is None:
            raise
        log.error("%s; playing model %s, as before", fault, fallback.model)
        return fallback, open_composer(fallback, rng), bundle_program(fallback)


def _last_good_model(config: Config, path: Path | None) -> Config | None:
    """The settings with the model and the seed piece that were last played; None if those are the present ones."""
    from bachd.service.settings import last_good

    before = None if path is None else last_good.kept(path)
    if before is None:
        return None
    fallback = replace(config, model=before.model, device=before.device, seed=before.seed)
    return None if fallback == config else fallback
