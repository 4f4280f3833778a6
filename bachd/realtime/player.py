"""Steps become messages with deadlines, and whatever sounds is known.

Law: every note_on has its note_off, however the music ends; deadlines never decrease; after a stall the music goes on
from where it was, later, and nothing is replayed in a burst. Who conducts (see transport.py) may halt the music: then
there is silence at once, and it goes on with a bar.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TypeAlias

from mido import Message, MetaMessage, bpm2tempo

from bachd.music.expression import Expression
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.handed import Handed
from bachd.realtime.hands import Hands
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.pulse import Pulse
from bachd.realtime.signs import Signs
from bachd.realtime.transport import Conductor
from bachd.realtime.waiting import until

log = logging.getLogger(__name__)

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
    expression: Expression | None
    """None: the one there is."""
    conductor: Conductor | None
    """None: the one there is."""
    pulse: Pulse | None
    """None: the one there is."""


class Player:
    """Plays steps on an output, one event ahead of what is heard."""

    def __init__(
        self,
        output: Output,
        conductor: Conductor,
        clock: Clock,
        *,
        channels: Sequence[int] = (1,),
        program: int | None = None,
        latency: float = 0.0,
        expression: Expression | None = None,
        pulse: Pulse | None = None,
        on_step: Callable[[Step, float], None] | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> None:
        """Sounds nothing yet.

        channels: 1 to 16; the voices from the top go to one each, the last takes the rest.
        program: 0 to 127, asked for on every channel at the start.
        latency: seconds by which messages leave early, because the synth answers late.
        expression: how the notes are struck; None: as they are written, but loud as metre and phrase want it.
        pulse: the MIDI clock that goes with the music; None for none.
        on_step: called with each step as it is handed over, and the moment at which it will be heard.
        on_wait: called every second or so while the music has to wait for who conducts. May call `change`.
        """
        self._output = output
        self._conductor = conductor
        self._clock = clock
        self._hands = Hands(channels, expression)
        self._program = program
        self._latency = latency
        self._bpm = conductor.bpm  # from which the pace of steps departs
        self._on_step = on_step
        self._on_wait = on_wait
        self._pulse = pulse or Pulse()
        self._change: _Change | None = None
        self._untold: list[Message | MetaMessage] = []  # what the output has to be told before the next note
        self._in_bar = False  # whether the next step begins in a bar that an earlier one has begun
        self._handed = Handed()
        self._signs = Signs()
        self._last_due = -math.inf

    async def perform(self, compose: Compose) -> None:
        """Play until `compose` returns None. Cancel it to stop at once; whatever `compose` raises ends it, too.

        Nothing sounds afterwards, once the output has delivered what it was given.
        """
        self._composing = asyncio.ensure_future(compose())
        try:
            step, tick = await self._composing, 0
            if step is not None:
                await self._begin(step, tick)
                self._send(0, self._opening())
            while step is not None:
                if self._change is not None and self._change.conductor is not None:
                    await self._exchange(step, tick)
                self._play(step, tick)
                last, tick = step, tick + step.event.ticks
                self._composing = asyncio.ensure_future(compose())
                step = await self._next(tick)
                if step is not None and not self._is_timely(step, tick):
                    step, tick = await self._next_bar(compose, last, step, tick)
            self._send(tick, self._hands.let_go())
            self._pulse.stop(self._output, self._conductor.due(tick), tick)
        except BaseException:
            self.release()
            raise
        finally:
            self._composing.cancel()

    @property
    def conductor(self) -> Conductor:
        """Who conducts at present."""
        return self._conductor

    def change(
        self,
        output: Output,
        *,
        bpm: float,
        channels: Sequence[int],
        program: int | None,
        latency: float,
        expression: Expression | None = None,
        conductor: Conductor | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        """Play otherwise from the next step on: the one that `compose` is about to return, if it calls this.

        What sounds on the present output is ended there before another one is used. What messages are early by may
        change, but not the rhythm in which they leave. Another conductor takes over as soon as he is ready.
        """
        self._change = _Change(output, bpm, tuple(channels), program, latency, expression, conductor, pulse)

    def release(self) -> None:
        """End all that sounds, at once: what has been handed over and is not yet due is taken back."""
        now = self._clock.now()
        self._output.retract(now)
        self._hands.sounding, tick = self._handed.take_back(now)
        self._last_due = now
        tick = max(self._conductor.tick(now + self._latency), tick)
        self._hand_over([TimedMessage(now, tick, message) for message in self._hands.let_go()])
        self._pulse.stop(self._output, now, tick)
        self._in_bar = False

    async def _begin(self, step: Step, tick: int, moment: float = -math.inf) -> None:
        """Wait until the conductor lets the music go on with `step` at `tick`, at `moment` at the earliest."""
        while True:
            now = self._clock.now()
            lead = 0.0 if self._conductor.follows or moment > now else self._conductor.lead
            if self._conductor.begin(tick, step.place, max(moment, now + lead + self._latency)):
                self._pulse.prepare(tick, self._conductor, now)
                if await self._reach(tick):
                    return
                self.release()
            else:
                await until(self._pulse.idle(self._output, self._conductor, now), self._conductor, self._clock)
                if self._on_wait is not None:
                    self._on_wait()
                self._untold += self._changed(tick)

    async def _exchange(self, step: Step, tick: int) -> None:
        """Begin with another conductor, where the last one would have gone on."""
        assert self._change is not None
        assert self._change.conductor is not None
        moment = self._conductor.due(tick)
        if self._change.conductor.follows:
            self._send(tick, self._hands.let_go())
            self._pulse.stop(self._output, moment, tick)
        self._conductor, self._change = self._change.conductor, replace(self._change, conductor=None)
        await self._begin(step, tick, moment)

    async def _next(self, tick: int) -> Step | None:
        """The step that begins at `tick`, when it is time to hand it over; silence until it comes, if it is late."""
        if not await self._reach(tick):
            self.release()
            return await self._composing
        boundary = self._due(tick)
        if not self._composing.done():
            waiting = asyncio.ensure_future(self._clock.sleep_until(boundary))
            await asyncio.wait((self._composing, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not self._composing.done():
                self._send(tick, self._hands.let_go())
        step = await self._composing
        overrun = self._clock.now() - boundary
        if overrun > 0.0 and not self._conductor.follows:
            log.warning("an event came %.0f ms late; the music waited for it", 1e3 * overrun)
            self._conductor.slip(overrun)
        return step

    def _is_timely(self, step: Step, tick: int) -> bool:
        """Whether the music goes on with `step`. Who follows somebody does not slip: he is late, or misses a bar."""
        if not self._conductor.follows:
            return self._conductor.goes
        return self._conductor.goes and self._clock.now() < self._due(tick + step.event.ticks)

    async def _next_bar(self, compose: Compose, last: Step, step: Step, tick: int) -> tuple[Step | None, int]:
        """Be silent, pass over what is left of the bar, and begin with the next; the step and tick it begins with.

        last: the step before `step`, which is at `tick`.
        """
        self.release()
        following: Step | None = step
        while following is not None and not last.reaches_bar:
            last, tick = following, tick + following.event.ticks
            self._composing = asyncio.ensure_future(compose())
            following = await self._composing
        if following is not None:
            await self._begin(following, tick)
        return following, tick

    async def _reach(self, tick: int) -> bool:
        """Wait until it is time to hand over what begins at `tick`; False if the music halts."""
        ahead = self._conductor.lead + self._latency
        return await self._pulse.reach(tick, ahead, self._conductor, self._clock, self._output)

    def _play(self, step: Step, tick: int) -> None:
        """Hand over the chord that sounds from `tick` on: first what ends, then what begins."""
        changes, self._untold = [*self._untold, *self._changed(tick), *self._pace(tick, step.pace)], []
        self._pulse.start(self._output, tick, self._conductor)
        if not self._in_bar:
            self._output.bar(self._due(tick))
        self._in_bar = not step.reaches_bar
        moment = self._due(tick)
        rate = step.event.ticks / (self._due(tick + step.event.ticks) - moment)
        ended, begun = self._hands.play(step, rate)
        messages = [*ended, *((0, message) for message in (*changes, *self._signs.of(step))), *begun]
        messages.sort(key=itemgetter(0))
        self._hand_over([TimedMessage(moment + late / rate, tick + late, message) for late, message in messages])
        if self._on_step is not None:
            self._on_step(step, self._conductor.due(tick))

    def _changed(self, tick: int) -> list[Message | MetaMessage]:
        """Put a change into force; returns what the output has to be told of it."""
        change, self._change = self._change, None
        if change is None:
            return []
        told = self._opening()
        if change.output is not self._output or change.pulse is not None:
            self._pulse.stop(self._output, self._conductor.due(tick), tick)
            self._pulse = change.pulse or self._pulse
        if change.output is not self._output:
            self._send(tick, self._hands.let_go())
            self._output = change.output
            self._signs.forget()
            told = []
        if change.conductor is not None:
            self._conductor = change.conductor
        self._conductor.change(tick, change.bpm)
        self._conductor.slip(change.latency - self._latency)
        self._hands.use(change.channels, change.expression)
        self._bpm, self._program, self._latency = change.bpm, change.program, change.latency
        return [message for message in self._opening() if message not in told]

    def _pace(self, tick: int, pace: float) -> list[MetaMessage]:
        """Take this share of the tempo from `tick` on; returns what a file has to be told of it."""
        bpm = self._bpm * pace
        if self._conductor.follows or self._conductor.bpm == bpm:
            return []
        self._conductor.change(tick, bpm)
        return [MetaMessage("set_tempo", tempo=bpm2tempo(bpm))]

    def _opening(self) -> list[Message | MetaMessage]:
        messages = [MetaMessage("set_tempo", tempo=bpm2tempo(self._conductor.bpm))]
        if self._program is not None:
            messages += [
                Message("program_change", channel=each, program=self._program) for each in self._hands.channels
            ]
        return messages

    def _due(self, tick: int) -> float:
        """The moment at which a message for `tick` must leave."""
        return self._conductor.due(tick) - self._latency

    def _send(self, tick: int, messages: Sequence[Message | MetaMessage]) -> None:
        """Hand messages over, all for the moment of `tick`."""
        self._hand_over([TimedMessage(self._due(tick), tick, message) for message in messages])

    def _hand_over(self, messages: Sequence[TimedMessage]) -> None:
        """Hand messages over in this order, none of them earlier than the one before."""
        ready = []
        for timed in messages:
            self._last_due = max(self._last_due, timed.due)
            ready.append(replace(timed, due=self._last_due))
        if ready:
            self._handed.add(ready, self._clock.now())
            self._output.send(ready)
