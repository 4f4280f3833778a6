"""Wait for the next thing that somebody turns, presses or strikes, so that it can be given something to do.

Law: what is learned from does nothing else; an input that was opened for it is closed again.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Final

from bachd.errors import UsageError
from bachd.midi.input.person import PersonEvent
from bachd.midi.input.trigger import Trigger, named
from bachd.service.parts import PartsExchange
from bachd.service.person.desk import PersonDesk
from bachd.service.person_source import PersonSource
from bachd.service.tempo_source import Call

PATIENCE: Final = 3.0
"""Seconds; the page asks several times."""


class TriggerWait:
    """For the event loop."""

    def __init__(
        self, exchange: PartsExchange, desk: PersonDesk, call: Call, thread: Executor, patience: float = PATIENCE
    ) -> None:
        """call: see tempo_source.py. thread: for what may block. patience: seconds."""
        self._exchange, self._desk, self._call, self._thread = exchange, desk, call, thread
        self._patience = patience

    async def next(self) -> str:
        """Return the name of what is used next, such as 'cc 21'. Raises UsageError if that is nothing."""
        if self._desk.on_trigger is not None:
            raise UsageError("somebody else is learning at the moment; try again")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Trigger] = loop.create_future()
        self._desk.on_trigger = lambda trigger: None if found.done() else found.set_result(trigger)
        source: PersonSource | None = None
        try:
            if self._exchange.present.person is None:  # nothing is received otherwise
                source = await loop.run_in_executor(
                    self._thread, PersonSource, self._exchange.present.config, self._call
                )
                source.on_event = self._from_source
            async with asyncio.timeout(self._patience):
                trigger = await found
        except TimeoutError:
            raise UsageError(
                f"nothing came in for {self._patience:g} seconds; turn a knob, or press a pedal or a key"
            ) from None
        finally:
            self._desk.on_trigger = None
            if source is not None:
                source.on_event = None
                loop.run_in_executor(self._thread, source.close)
        return str(Trigger(trigger.kind, trigger.number))

    def _from_source(self, event: PersonEvent) -> None:
        if self._desk.on_trigger is not None and (trigger := named(event.message)) is not None:
            self._desk.on_trigger(trigger)
