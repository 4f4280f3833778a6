"""What a run plays with, and how it comes to play with something else.

Law: parts are exchanged all at once, on a bar line. What is left is closed when nothing is sent to it any more, and
what is used again stays open.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bachd.config import Config
from bachd.errors import BachdError
from bachd.midi.fan_out import NOWHERE, Outputs

if TYPE_CHECKING:
    from bachd.neural.effort import Effort
    from bachd.neural.sampler import Sampler
    from bachd.neural.step_buffer import StepBuffer
    from bachd.service.tempo_source import Lead

log = logging.getLogger("bachd")


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, and what was opened for them."""

    config: Config
    rng: int
    composer: StepBuffer
    outputs: Outputs
    sampler: Sampler | None = None
    """What the composer is to draw with from here on, if that is something else."""
    lead: Lead | None = None
    """Whose tempo is followed, if anybody's is."""
    effort: Effort | None = None
    """How many candidates the composer is to compare from here on, if that is something else."""

    def poll(self) -> list[str]:
        """Look after all that is open, off the event loop; a line for each thing that changed."""
        return [*self.outputs.poll(), *(self.lead.source.poll() if self.lead else ())]

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at present; somebody else's in whole ones."""
        return self.config.bpm if self.lead is None else round(self.lead.conductor.bpm)


class Exchange:
    """The parts in use and those offered. All but `leave` is for one thread."""

    def __init__(self, parts: Parts) -> None:
        """Begin with these."""
        self.present = parts
        self._offered: Parts | None = None
        self._left: Outputs = NOWHERE
        self._left_lead: Lead | None = None
        self._used = asyncio.Event()

    async def offer(self, parts: Parts) -> None:
        """Have parts taken when the next bar begins; returns when they are in use."""
        self._used.clear()
        self._offered = parts
        await self._used.wait()

    def take(self) -> Parts | None:
        """A bar begins: use what is offered from here on. Returns it, or None if that is nothing."""
        parts, self._offered = self._offered, None
        if parts is not None:
            if parts.sampler is not None:
                parts.composer.draw_with(parts.sampler, parts.effort)
            if parts.outputs is not self.present.outputs:
                self._left = self.present.outputs
            if parts.lead is not self.present.lead:
                self._left_lead = self.present.lead
            self.present = parts
        return parts

    def settle(self) -> bool:
        """A step has been played with the parts that were taken last; whether there is something to `leave` now."""
        if self._offered is None:
            self._used.set()
        return self._left is not NOWHERE or self._left_lead is not None

    def leave(self) -> None:
        """Close the outputs that are no longer played to, and hear whom nobody follows no more.

        Blocks until the outputs have delivered what they were sent.
        """
        lead, self._left_lead = self._left_lead, None
        if lead is not None:
            lead.source.close()
        left, self._left = self._left, NOWHERE
        try:
            left.close(self.present.outputs)
        except BachdError as fault:
            log.warning("%s", fault)

    def close(self) -> None:
        """Close all outputs. Raises OutputError if one that was in use has not kept all it was sent."""
        self.leave()
        if self._offered is not None:
            self._left = self._offered.outputs
            if self._offered.lead is not self.present.lead:
                self._left_lead = self._offered.lead
            self.leave()
        if self.present.lead is not None:
            self.present.lead.source.close()
        self.present.outputs.close()
