"""What a run plays with, and its exchange for something else.

Law: parts are exchanged all at once, on a bar line. What is left is closed when nothing is sent to it any more, and
what is used again stays open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bachd.config import Config
from bachd.errors import BachdError
from bachd.midi.fan_out import Outputs

if TYPE_CHECKING:
    from bachd.neural.plan import Plan
    from bachd.neural.sampler import Sampler
    from bachd.service.tempo_source import Lead

log = logging.getLogger("bachd")


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, and what was opened for them."""

    config: Config
    rng: int
    composer: Plan
    outputs: Outputs
    sampler: Sampler | None = None
    """What the composer is to draw with from here on, if that is something else."""
    lead: Lead | None = None
    """The external tempo source, if there is one."""

    def poll(self) -> list[str]:
        """Look after all that is open, off the event loop; a line for each thing that changed."""
        return [*self.outputs.poll(), *(self.lead.source.poll() if self.lead else ())]

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at present; an external source's in whole ones."""
        return self.config.bpm if self.lead is None else round(self.lead.conductor.bpm)


class Exchange:
    """The parts in use and those offered. All but `leave` is for one thread."""

    def __init__(self, parts: Parts) -> None:
        """Begin with these."""
        self.present = parts
        self._offered: Parts | None = None
        self._left: list[Parts] = []
        self._keeps = 0
        self._taken = False
        self._used = asyncio.Event()

    @property
    def latest(self) -> Parts:
        """What is offered; without an offer, what is in use."""
        return self.present if self._offered is None else self._offered

    @property
    def open(self) -> tuple[Parts, ...]:
        """What is offered, if anything is, and what is in use."""
        return (self.present,) if self._offered is None else (self._offered, self.present)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Close nothing meanwhile: what is prepared may use anything again that was open at the beginning."""
        self._keeps += 1
        try:
            yield
        finally:
            self._keeps -= 1

    def offer(self, parts: Parts) -> None:
        """Have parts taken when the next bar begins, instead of any that were offered before."""
        if self._offered is not None:
            self._left.append(self._offered)
        self._offered = parts

    async def used(self) -> None:
        """Wait until a step has been played with parts that were taken since the last call."""
        await self._used.wait()
        self._used.clear()

    def take(self) -> Parts | None:
        """A bar begins: use what is offered from here on. Returns it, or None if that is nothing."""
        parts, self._offered = self._offered, None
        if parts is not None:
            if parts.sampler is not None:
                parts.composer.draw_with(parts.sampler)
            self._left.append(self.present)
            self.present = replace(parts, sampler=None)
            self._taken = True
        return parts

    def settle(self) -> bool:
        """A step has been played with the parts that were taken last; whether there is something to `leave` now."""
        if self._taken:
            self._taken = False
            self._used.set()
        return bool(self._left) and not self._keeps

    def leave(self) -> None:
        """Close what is neither in use nor offered any more.

        Blocks until the outputs have delivered what they were sent.
        """
        left, self._left = self._left, []
        leads = [parts.lead for parts in self.open]
        for parts in left:
            if parts.lead is not None and parts.lead not in leads:
                parts.lead.source.close()
                leads.append(parts.lead)
        outputs = dict.fromkeys(output for parts in left for output in parts.outputs.outputs)
        try:
            Outputs(list(outputs)).close(Outputs([output for parts in self.open for output in parts.outputs.outputs]))
        except BachdError as fault:
            log.warning("%s", fault)

    def close(self) -> None:
        """Close all outputs. Raises OutputError if one that was in use has not kept all it was sent."""
        if self._offered is not None:
            self._left.append(self._offered)
            self._offered = None
        self.leave()
        if self.present.lead is not None:
            self.present.lead.source.close()
        self.present.outputs.close()
