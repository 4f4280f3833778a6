"""New settings while the music plays: when a file has been saved, and what has to be opened for what it says.

Law: nothing is given up before what replaces it is there; a file that is wrong, empty or half written changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import ExitStack, suppress
from dataclasses import fields
from pathlib import Path
from secrets import randbits
from typing import Final, TypeAlias

from bachd.config import Config
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.service.parts import Parts
from bachd.service.settings import last_good
from bachd.service.tempo_source import Call, open_lead

log = logging.getLogger("bachd")

LOOKING: Final = 0.25
"""Seconds between two looks at a file."""
STABLE: Final = 0.3
"""Seconds that a file must not have changed for, so that a program that is still writing it can finish."""
DOUBTFUL: Final = 2.0
"""The same for a file that was empty or gone in between, as when a computer loses its power while saving."""

_Print: TypeAlias = tuple[int, int, int] | None
"""Time of change, size and inode; None for a file that is empty or not there."""


class SavedFile:
    """Tells when a file has been saved, from looks at its time and size; it may be replaced by another one."""

    def __init__(self, path: Path, *, told: bool = False) -> None:
        """Take the file as it is for known. told: nothing need be said of it, should it be empty now."""
        self._path = path
        self._known = self._seen = self._print()
        self._since = 0.0
        self._doubtful = False
        self._told = told

    def saved(self, now: float) -> bool:
        """Whether it holds something new that is complete. Ask some times a second; `now` is in monotonic seconds."""
        seen = self._print()
        if seen != self._seen:
            self._seen, self._since, self._told = seen, now, False
        if seen is None:
            self._doubtful = True
            if now - self._since >= DOUBTFUL and not self._told:
                self._told = True
                log.warning("%s is empty or gone: the settings stay as they are, until it holds some again", self._path)
            return False
        if seen == self._known or now - self._since < (DOUBTFUL if self._doubtful else STABLE):
            return False
        self._known, self._doubtful = seen, False
        return True

    def _print(self) -> _Print:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found.st_size else None


async def saves(path: Path | None, used: Config, asked: asyncio.Event, thread: Executor) -> AsyncIterator[None]:
    """Yields whenever the file is to be read again: it has been saved, or `asked` was set. Looks at it in `thread`.

    used: the settings that music is played by at first. They are kept for other starts, if they are those of the file.
    """
    loop = asyncio.get_running_loop()
    file = None if path is None else SavedFile(path, told=used == Config())  # an empty file means the defaults
    if path is not None and not await loop.run_in_executor(thread, last_good.keep, path, used):
        asked.set()
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOKING):
                await asked.wait()
        saved = file is not None and await loop.run_in_executor(thread, file.saved, loop.time())
        if saved or asked.is_set():
            asked.clear()
            yield


def prepare(wanted: Config, present: Parts, clock: Clock, lateness: Lateness, call: Call) -> Parts:
    """What to play with by these settings. Loads and opens what is new; may take a second.

    call: see tempo_source.py.

    Raises SeedError, ModelError and OutputError; nothing has changed then.
    """
    from bachd.midi.ports import open_outputs
    from bachd.service.factory import open_composer, open_effort, open_sampler

    before = present.config
    rng, composer, sampler, effort = present.rng, present.composer, None, None
    same_network = (wanted.model, wanted.device) == (before.model, before.device)
    if not same_network or wanted.seed != before.seed:
        rng = randbits(32) if wanted.seed.rng is None else wanted.seed.rng
        composer = open_composer(wanted, rng, composer.model if same_network else None)
    elif wanted.sampling != before.sampling:
        sampler, effort = open_sampler(wanted, composer), open_effort(wanted)
    outputs, lead = present.outputs, present.lead
    with ExitStack() as opened:
        if (wanted.tempo, wanted.midi.input) != (before.tempo, before.midi.input):
            lead = open_lead(wanted, call)
            if lead is not None:
                opened.callback(lead.source.close)
        if (wanted.midi.output, wanted.midi.offsets) != (before.midi.output, before.midi.offsets):
            offsets = wanted.midi.offsets
            outputs = open_outputs(wanted.midi.output, clock, lateness, present=outputs, offsets=offsets)
        opened.pop_all()
    return Parts(wanted, rng, composer, outputs, sampler, lead, effort)


def changes(before: Config, after: Config) -> str:
    """The keys whose values differ, for people: 'tempo, midi.output'."""
    found = []
    for field in fields(Config):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new and field.name in ("seed", "midi", "sampling", "expression", "web"):
            found += [
                f"{field.name}.{each.name}"
                for each in fields(old)
                if getattr(old, each.name) != getattr(new, each.name)
            ]
        elif old != new:
            found.append(field.name)
    return ", ".join(found)
