"""Hold the parts that a run plays with, and exchange them for others while it plays.

Law: parts are exchanged all at once, on a bar line. What was replaced is closed when nothing is sent to it any more,
and what is used again stays open.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachd.config import Config
from bachd.errors import BachdError
from bachd.midi.fan_out import NOWHERE, FanOut

if TYPE_CHECKING:
    from bachd.neural.plan import Plan
    from bachd.neural.sampler import Sampler
    from bachd.service.tempo_source import TempoSource

log = logging.getLogger("bachd")


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, and what was opened for them."""

    config: Config
    rng: int
    composer: Plan
    outputs: FanOut
    sampler: Sampler | None = None
    """What the composer is to draw with from here on, if that changes."""
    tempo_source: TempoSource | None = None
    """The external tempo that is followed, if there is one."""

    def poll(self) -> list[str]:
        """Check all connections, off the event loop; returns a line for each thing that changed."""
        return [*self.outputs.poll(), *(self.tempo_source.input.poll() if self.tempo_source else ())]

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at present; those of an external tempo are rounded."""
        return self.config.bpm if self.tempo_source is None else round(self.tempo_source.conductor.bpm)


class PartsExchange:
    """The parts in use and those offered. All but `close_replaced` is for one thread."""

    def __init__(self, parts: Parts) -> None:
        """Begin with these."""
        self.present = parts
        self._offered: Parts | None = None
        self._replaced: FanOut = NOWHERE
        self._replaced_tempo_source: TempoSource | None = None
        self._used = asyncio.Event()

    async def offer(self, parts: Parts) -> None:
        """Have parts taken when the next bar begins; returns when they are in use."""
        self._used.clear()
        self._offered = parts
        await self._used.wait()

    def take(self) -> Parts | None:
        """Make the offered parts the present ones; a bar must begin. Returns them, or None if none are offered."""
        parts, self._offered = self._offered, None
        if parts is not None:
            if parts.sampler is not None:
                parts.composer.draw_with(parts.sampler)
            self._replace_by(parts)
            self.present = parts
        return parts

    def confirm(self) -> bool:
        """Note that the parts taken last are in use; returns whether there is something for `close_replaced`."""
        if self._offered is None:
            self._used.set()
        return self._replaced is not NOWHERE or self._replaced_tempo_source is not None

    def close_replaced(self) -> None:
        """Close the outputs and the tempo source that were replaced.

        Blocks until the outputs have delivered what they were sent.
        """
        tempo_source, self._replaced_tempo_source = self._replaced_tempo_source, None
        if tempo_source is not None:
            tempo_source.input.close()
        replaced, self._replaced = self._replaced, NOWHERE
        try:
            replaced.close(self.present.outputs)
        except BachdError as fault:
            log.warning("%s", fault)

    def close(self) -> None:
        """Close everything. Raises OutputError if an output that was in use has not kept all it was sent."""
        self.close_replaced()
        if self._offered is not None:
            offered, present = self._offered, self.present
            self._replaced = offered.outputs
            if offered.tempo_source is not present.tempo_source:
                self._replaced_tempo_source = offered.tempo_source
            self.close_replaced()
        if self.present.tempo_source is not None:
            self.present.tempo_source.input.close()
        self.present.outputs.close()

    def _replace_by(self, parts: Parts) -> None:
        if parts.outputs is not self.present.outputs:
            self._replaced = self.present.outputs
        if parts.tempo_source is not self.present.tempo_source:
            self._replaced_tempo_source = self.present.tempo_source
