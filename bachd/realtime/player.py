"""Steps become messages with deadlines, and whatever sounds is known.

Law: every note_on has its note_off, however the music ends; deadlines never decrease; after a stall the music goes on
from where it was, later, and nothing is replayed in a burst.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from mido import Message, MetaMessage, bpm2tempo

from bachd.music import dynamics
from bachd.music.event import TICKS, Event
from bachd.music.metre import Metre, Place
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.transport import Transport

log = logging.getLogger(__name__)

LEAD: Final = 0.2
"""Seconds: enough for an overloaded machine to hand over a chord in time (its event loop was seen to wake 130 ms late
at a load of four processes a core), and still a stop that feels immediate."""

Compose: TypeAlias = Callable[[], Awaitable[Step | None]]
"""Gives the next step when it is asked for; None when the music is over."""


@dataclass(frozen=True, slots=True)
class _Change:
    """How to play from a step on; the fields are what the player calls so."""

    output: Output
    bpm: float
    channels: tuple[int, ...]
    program: int | None
    latency: float


class Player:
    """Plays steps on an output, one event ahead of what is heard."""

    def __init__(
        self,
        output: Output,
        transport: Transport,
        clock: Clock,
        *,
        channels: Sequence[int] = (1,),
        program: int | None = None,
        latency: float = 0.0,
        lead: float = LEAD,
        on_step: Callable[[Step, float], None] | None = None,
    ) -> None:
        """Sounds nothing yet.

        channels: 1 to 16; the voices from the top go to one each, the last takes the rest.
        program: 0 to 127, asked for on every channel at the start.
        latency: seconds by which messages leave early, because the synth answers late.
        lead: seconds before its deadline at which a chord is handed to the output.
        on_step: called with each step as it is handed over, and the moment at which it will be heard.
        """
        self._output = output
        self._transport = transport
        self._clock = clock
        self._channels = tuple(channel - 1 for channel in channels)
        self._program = program
        self._latency = latency
        self._lead = lead
        self._on_step = on_step
        self._change: _Change | None = None
        self._in_bar = False  # whether the next step begins in a bar that an earlier one has begun
        self._ledger: dict[int, int] = {}  # the notes that sound -> their channels, 0 to 15
        self._metre: Metre | None = None  # the last that was sent
        self._in_upbeat = False
        self._last_due = -math.inf
        self._last_tick = 0

    async def perform(self, compose: Compose) -> None:
        """Play until `compose` returns None. Cancel it to stop at once; whatever `compose` raises ends it, too.

        Nothing sounds afterwards, once the output has delivered what it was given.
        """
        composing = asyncio.ensure_future(compose())
        try:
            step = await composing
            self._transport.start(self._clock.now() + self._lead + self._latency)
            self._send(0, self._opening())
            tick = 0
            while step is not None:
                self._play(step, tick)
                tick += step.event.ticks
                composing = asyncio.ensure_future(compose())
                step = await self._next(composing, tick)
            self._send(tick, self._silence())
        finally:
            composing.cancel()
            self.release()

    def change(
        self, output: Output, *, bpm: float, channels: Sequence[int], program: int | None, latency: float
    ) -> None:
        """Play otherwise from the next step on: the one that `compose` is about to return, if it calls this.

        What sounds on the present output is ended there before another one is used. What messages are early by may
        change, but not the rhythm in which they leave.
        """
        self._change = _Change(output, bpm, tuple(channel - 1 for channel in channels), program, latency)

    def release(self) -> None:
        """End all that sounds: now, or as soon as what has been handed over allows."""
        due = max(self._clock.now(), self._last_due)
        tick = max(self._transport.tick(due + self._latency), self._last_tick)
        self._send(tick, self._silence(), due)

    async def _next(self, composing: asyncio.Future[Step | None], tick: int) -> Step | None:
        """The step that begins at `tick`, when it is time to hand it over; silence until it comes, if it is late."""
        boundary = self._due(tick)
        await self._clock.sleep_until(boundary - self._lead)
        if not composing.done():
            waiting = asyncio.ensure_future(self._clock.sleep_until(boundary))
            await asyncio.wait((composing, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not composing.done():
                self._send(tick, self._silence())
        step = await composing
        overrun = self._clock.now() - boundary
        if overrun > 0.0:
            log.warning("an event came %.0f ms late; the music waited for it", 1e3 * overrun)
            self._transport.slip(overrun)
        return step

    def _play(self, step: Step, tick: int) -> None:
        """Hand over the chord that sounds from `tick` on: first what ends, then what begins."""
        changes = self._changed(tick)
        if not self._in_bar:
            self._output.bar(self._due(tick))
        self._in_bar = not step.reaches_bar
        held = tuple(note for note in step.event.held if note in self._ledger)
        struck = tuple(note for note in step.event.sounding if note not in held)
        ended = [note for note in self._ledger if note not in held]
        velocities = dynamics.velocities(Event(struck, held, step.event.ticks), step.place)
        messages: list[Message | MetaMessage] = [self._off(note) for note in ended]
        messages += changes
        messages += self._signs(step)
        for voice, note in enumerate(reversed(step.event.sounding)):
            if note in struck:
                channel = self._channels[min(voice, len(self._channels) - 1)]
                self._ledger[note] = channel
                messages.append(Message("note_on", channel=channel, note=note, velocity=velocities[note]))
        self._send(tick, messages)
        if self._on_step is not None:
            self._on_step(step, self._transport.due(tick))

    def _changed(self, tick: int) -> list[Message | MetaMessage]:
        """Put a change into force; returns what the output has to be told of it."""
        change, self._change = self._change, None
        if change is None:
            return []
        told = self._opening()
        if change.output is not self._output:
            self._send(tick, self._silence())
            self._output = change.output
            self._metre = None
            told = []
        self._transport.change(tick, change.bpm)
        self._transport.slip(change.latency - self._latency)
        self._channels, self._program, self._latency = change.channels, change.program, change.latency
        return [message for message in self._opening() if message not in told]

    def _opening(self) -> list[Message | MetaMessage]:
        messages = [MetaMessage("set_tempo", tempo=bpm2tempo(self._transport.bpm))]
        if self._program is not None:
            messages += [Message("program_change", channel=each, program=self._program) for each in self._channels]
        return messages

    def _signs(self, step: Step) -> list[MetaMessage]:
        """What a score would print above the step: a new piece's name, a new metre.

        An upbeat at the start of the run is a short bar. A later one ends the bar of the breath before it, in its
        metre.
        """
        signs = []
        if step.opens:
            # mido writes text as Latin-1, and a file of today is UTF-8.
            name = step.piece.encode("utf-8", "replace").decode("latin-1")
            signs.append(MetaMessage("marker", text=name))
            self._in_upbeat = step.place.phase > 0
        self._in_upbeat = self._in_upbeat and step.place.bar == 0
        metre = step.place.metre
        if self._in_upbeat:
            metre = self._metre or _upbeat(step.place) or metre
        if metre != self._metre:
            self._metre = metre
            signs.append(MetaMessage("time_signature", numerator=metre.beats, denominator=metre.unit))
        return signs

    def _silence(self) -> list[Message]:
        """A note_off for all that sounds."""
        return [self._off(note) for note in tuple(self._ledger)]

    def _off(self, note: int) -> Message:
        return Message("note_off", channel=self._ledger.pop(note), note=note)

    def _due(self, tick: int) -> float:
        """The moment at which a message for `tick` must leave."""
        return self._transport.due(tick) - self._latency

    def _send(self, tick: int, messages: Sequence[Message | MetaMessage], due: float | None = None) -> None:
        """Hand messages over, all for one moment: that of `tick`, if no other is given."""
        if messages:
            self._last_due, self._last_tick = self._due(tick) if due is None else due, tick
            self._output.send([TimedMessage(self._last_due, tick, message) for message in messages])


def _upbeat(place: Place) -> Metre | None:
    """A time signature for what is left of the bar; None if `place` begins one, or for fractions no signature has."""
    left = place.metre.bar - place.phase
    for unit in (4, 8, 16, 32):
        beats, rest = divmod(left * unit, 4 * TICKS)
        if place.phase and not rest and beats < 256:  # a byte in a file
            return Metre(beats, unit)
    return None
