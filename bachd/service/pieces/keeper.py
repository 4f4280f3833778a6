"""Keep pieces of a run among the favourites.

Law: a piece that is asked for is on the disk at once, as far as it was played, and is completed there when it is over
or the run ends; whatever ends the run, something of it is kept.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from functools import partial
from typing import NamedTuple

from bachd.errors import BachdError, UsageError
from bachd.service.parts import PartsExchange
from bachd.service.pieces import favourite, favourites
from bachd.service.pieces.favourite import Favourite
from bachd.service.pieces.favourites import Kept
from bachd.service.pieces.played import Music, Played

log = logging.getLogger("bachd")


class Asked(NamedTuple):
    """What was kept when a piece was asked for."""

    kept: Kept
    whole: bool
    """Whether that is the whole piece; if not, the rest follows."""


class Keeper:
    """Keeps pieces of one run. The methods are for the event loop."""

    def __init__(self, music: Music, exchange: PartsExchange, thread: Executor) -> None:
        """thread: one, for what may wait for the disk."""
        self._music, self._exchange, self._thread = music, exchange, thread
        self._parts: dict[int, str] = {}  # what is kept of pieces that are not over, by their numbers; for the thread

    async def keep(self, number: int | None = None) -> Asked:
        """Keep a piece of this run, as far as it was played; None: the one that is heard. Raises BachdError."""
        played = self.played(self._music.number if number is None else number)
        adding = asyncio.get_running_loop().run_in_executor(self._thread, self._add, played, self.of(played))
        kept = await adding
        if not played.whole:
            self._music.when_whole(played.number, self._complete_later)
        return Asked(kept, played.whole)

    def played(self, number: int) -> Played:
        """Return a piece of this run. Raises UsageError."""
        for played in self._music.pieces:
            if played.number == number:
                return played
        raise UsageError(f"piece {number} is not remembered: only the last of this run are")

    def of(self, played: Played) -> Favourite:
        """Return a piece as it is played at present."""
        parts = self._exchange.present
        bpm = parts.bpm * parts.config.pace(played.steps[0])
        steps = [step.moved(parts.config.transpose) for step in played.steps]
        return favourite.of(steps, parts.config, bpm, parts.rng)

    def finish(self) -> None:
        """Complete what is kept in part, as far as it was played: the run ends. Waits for the disk."""
        unfinished = self._thread.submit(lambda: set(self._parts)).result()
        for played in self._music.pieces:
            if played.number in unfinished:
                self._thread.submit(self._complete, played, self.of(played)).result()

    def _add(self, played: Played, wanted: Favourite) -> Kept:
        before = self._parts.get(played.number)
        kept = favourites.add(wanted) if before is None else favourites.complete(before, wanted)
        if kept is None:  # somebody has removed it meanwhile
            kept = favourites.add(wanted)
        if not played.whole:
            self._parts[played.number] = kept["favourite"]
        return kept

    def _complete_later(self, played: Played) -> None:
        loop = asyncio.get_running_loop()
        loop.run_in_executor(self._thread, partial(self._complete, played, self.of(played)))

    def _complete(self, played: Played, wanted: Favourite) -> None:
        before = self._parts.pop(played.number, None)
        if before is None:
            return
        try:
            kept = favourites.complete(before, wanted)
        except BachdError as fault:
            log.warning("of %s only the beginning is kept: %s", played.name, fault)
            return
        if kept is not None:
            log.info("%s", told(Asked(kept, played.whole)))


def told(asked: Asked) -> str:
    """Return what is said of what was kept in the end."""
    number = asked.kept["number"]
    so_far = "" if asked.whole else " as far as it was played"
    return f"kept{so_far}: bachd render bach.mid --favourite {number}; link: bachd favourites {number}"
