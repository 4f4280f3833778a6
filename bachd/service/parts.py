"""Define the parts that a run plays with, and exchange them while it plays.

Law: parts are exchanged all at once, on a bar line, or anywhere if only voices and pitch change. What is left is closed
when nothing is sent to it any more, and what is used again stays open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bachd.config import Config
from bachd.config_midi import for_channel
from bachd.errors import BachdError
from bachd.midi.fan_out import FanOut

if TYPE_CHECKING:
    from bachd.neural.planning.effort import Effort
    from bachd.neural.sampling.sampler import Sampler
    from bachd.neural.step_buffer import StepBuffer
    from bachd.service.person_source import PersonSource
    from bachd.service.tempo_source import TempoInput, TempoSource

log = logging.getLogger("bachd")


@dataclass(frozen=True, slots=True)
class Parts:
    """Settings, and what was opened for them."""

    config: Config
    rng: int
    composer: StepBuffer
    outputs: FanOut
    sampler: Sampler | None = None
    """What the composer is to draw with from here on, if that is something else."""
    tempo_source: TempoSource | None = None
    """The external tempo source, if there is one."""
    effort: Effort | None = None
    """How many candidates the composer is to compare from here on, if that changes."""
    person: PersonSource | None = None
    """What a person plays, if that is of use."""
    program: int = 0
    """The General MIDI program that fits the bundle, 0 to 127."""

    def is_for_any_event(self, before: Parts) -> bool:
        """Whether nothing differs from other parts but how voices sound, and how high."""
        config = replace(before.config, voices=self.config.voices, transpose=self.config.transpose)
        return self == replace(before, config=config, sampler=None, effort=None)

    @property
    def gives_way(self) -> bool:
        """Whether there is no music but what a person leads."""
        return self.config.together != "none" and self.person is not None

    @property
    def inputs(self) -> list[TempoInput]:
        """All that is received by."""
        found: list[TempoInput] = [] if self.tempo_source is None else [self.tempo_source.input]
        return found if self.person is None else [*found, self.person]

    def set_sound(self) -> None:
        """Set the loudspeaker to what the settings and the bundle say."""
        midi = self.config.midi
        chosen = [channel - 1 for channel in midi.channels if for_channel(midi.program, channel) is not None]
        self.outputs.set_sound(self.config.speaker.settings, self.program, chosen)

    def poll(self) -> list[str]:
        """Look after all that is open, off the event loop; a line for each thing that changed."""
        return [*self.outputs.poll(), *(line for source in self.inputs for line in source.poll())]

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at present; an external source's in whole ones."""
        return self.config.bpm if self.tempo_source is None else round(self.tempo_source.conductor.bpm)


class PartsExchange:
    """The parts in use and those offered. All but `close_replaced` is for one thread."""

    def __init__(self, parts: Parts) -> None:
        """Begin with these."""
        self.present = parts
        parts.set_sound()
        self._offered: Parts | None = None
        self._left: list[Parts] = []
        self._keeps = 0
        self._taken = False
        self._used = asyncio.Event()

    @property
    def latest(self) -> Parts:
        """The parts offered last; without an offer, those in use."""
        return self.present if self._offered is None else self._offered

    @property
    def open(self) -> tuple[Parts, ...]:
        """The parts offered, if any are, and those in use."""
        return (self.present,) if self._offered is None else (self._offered, self.present)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Close nothing meanwhile: what is prepared may use anything again that was open at the beginning."""
        self._keeps += 1
        try:
            yield
        finally:
            self._keeps -= 1

    @property
    def is_for_any_event(self) -> bool:
        """Whether what is offered may be taken in the middle of a bar."""
        return self._offered is not None and self._offered.is_for_any_event(self.present)

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
                parts.composer.draw_with(parts.sampler, parts.effort)
            self._left.append(self.present)
            self.present = replace(parts, sampler=None, effort=None)
            self.present.set_sound()
            self._taken = True
        return parts

    def confirm(self) -> bool:
        """Note that the parts taken last are in use; returns whether there is something for `close_replaced`."""
        if self._taken:
            self._taken = False
            self._used.set()
        return bool(self._left) and not self._keeps

    def close_replaced(self) -> None:
        """Close what is neither in use nor offered any more.

        Blocks until the outputs have delivered what they were sent.
        """
        left, self._left = self._left, []
        kept = [source for parts in self.open for source in parts.inputs]
        for source in [source for parts in left for source in parts.inputs]:
            if source not in kept:
                source.close()
                kept.append(source)
        outputs = dict.fromkeys(output for parts in left for output in parts.outputs.outputs)
        try:
            FanOut(list(outputs)).close(FanOut([output for parts in self.open for output in parts.outputs.outputs]))
        except BachdError as fault:
            log.warning("%s", fault)

    def close(self) -> None:
        """Close all outputs. Raises OutputError if one that was in use has not kept all it was sent."""
        if self._offered is not None:
            self._left.append(self._offered)
            self._offered = None
        self.close_replaced()
        for source in self.present.inputs:
            source.close()
        self.present.outputs.close()
