"""When steps are played: asked for one ahead, handed over in time, waited for, and gone on with after a halt.

Law: nothing goes on sounding, however the music ends; after a stall it goes on from where it was, later, and nothing
is replayed in a burst. Who conducts (see transport.py) may halt the music: then there is silence at once, and it goes
on with a bar, or after `rewind` with the beginning of a piece.

How a step becomes messages, and what it is played with, is performer.py's affair.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from bachd.music.expression import Expression
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.clock_out import Pulse
from bachd.realtime.note_tracker import Hands
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.performer import Change, Patches, Rig
from bachd.realtime.transport import Conductor
from bachd.realtime.waiting import until

log = logging.getLogger(__name__)

Compose: TypeAlias = Callable[[], Awaitable[Step | None]]
"""Gives the next step when it is asked for; None when the music is over."""
OnStep: TypeAlias = Callable[[Step, float, Sequence[TimedMessage]], None]
"""Called with a step, the moment at which it will be heard, in monotonic seconds, and the messages that were sent."""


class Player:
    """Plays steps on an output, one event ahead of what is heard."""

    def __init__(
        self,
        output: Output,
        conductor: Conductor,
        clock: Clock,
        *,
        channels: Sequence[int] = (1,),
        patches: Patches = (),
        latency: float = 0.0,
        expression: Expression | None = None,
        pulse: Pulse | None = None,
        on_step: OnStep | None = None,
        on_wait: Callable[[], None] | None = None,
    ) -> None:
        """Sounds nothing yet.

        channels: 1 to 16; the voices from the top go to one each, the last takes the rest.
        patches: bank and program of each channel, sent at the start.
        latency: seconds by which messages leave early, because the synth answers late.
        expression: how the notes are struck; None: as they are written, but loud as metre and phrase want it.
        pulse: the MIDI clock that goes with the music; None for none.
        on_step: called with each step as it is handed over, the moment at which it will be heard, and its messages.
        on_wait: called every second or so while the music has to wait for who conducts. May call `change`.
        """
        self._clock = clock
        self._rig = Rig(output, conductor, clock, Hands(channels, expression), pulse or Pulse(), patches, latency)
        self._on_step = on_step
        self._on_wait = on_wait
        self._change: Change | None = None
        self._rewinds = False

    async def perform(self, compose: Compose, afresh: Compose | None = None) -> None:
        """Play until `compose` returns None. Cancel it to stop at once; whatever `compose` raises ends it, too.

        afresh: gives the first step of a piece after a `rewind`, and has `compose` go on from there.

        Nothing sounds afterwards, once the output has delivered what it was given.
        """
        self._afresh = afresh or compose
        self._composing = asyncio.ensure_future(compose())
        try:
            step, tick = await self._composing, 0
            if step is not None:
                step = await self._begin(step, tick)
                self._rig.open()
            while step is not None:
                if self._change is not None and self._change.conductor is not None:
                    step = await self._exchange(step, tick)
                    if step is None:
                        break
                self._play(step, tick)
                last, tick = step, tick + step.event.ticks
                self._composing = asyncio.ensure_future(compose())
                step = await self._next(tick)
                if step is not None and not self._is_timely(step, tick):
                    step, tick = await self._next_bar(compose, last, step, tick)
            self._rig.end(tick)
        except BaseException:
            self._rig.release()
            raise
        finally:
            self._composing.cancel()

    @property
    def conductor(self) -> Conductor:
        """Who conducts at present."""
        return self._rig.conductor

    def rewind(self) -> None:
        """Begin with a piece when the music goes on. It must have been halted."""
        self._rewinds = True

    def change(
        self,
        output: Output,
        *,
        bpm: float,
        channels: Sequence[int],
        patches: Patches = (),
        latency: float,
        expression: Expression | None = None,
        conductor: Conductor | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        """Play otherwise from the next step on: the one that `compose` is about to return, if it calls this.

        What sounds on the present output is ended there before another one is used. What messages are early by may
        change, but not the rhythm in which they leave. Another conductor takes over as soon as he is ready.
        """
        self._change = Change(output, bpm, tuple(channels), patches, latency, expression, conductor, pulse)

    async def _begin(self, step: Step | None, tick: int, moment: float = -math.inf) -> Step | None:
        """Wait until the conductor lets the music go on with `step` at `tick`, at `moment` at the earliest.

        Returns the step that it does go on with: another one, if it was rewound meanwhile.
        """
        while step is not None:
            if self._rewinds:
                self._rewinds = False
                self._rig.release()
                self._rig.pulse.rewind()
                step = await self._afresh()
                continue
            now = self._clock.now()
            lead = 0.0 if self.conductor.follows or moment > now else self.conductor.lead
            if self.conductor.begin(tick, step.place, max(moment, now + lead + self._rig.latency)):
                self._rig.pulse.prepare(tick, self.conductor, now)
                if await self._reach(tick):
                    return step
                self._rig.release()
            else:
                await until(self._rig.pulse.idle(self._rig.output, self.conductor, now), self.conductor, self._clock)
                if self._on_wait is not None:
                    self._on_wait()
                self._use_changed(tick)
        return None

    async def _exchange(self, step: Step, tick: int) -> Step | None:
        """Begin with another conductor, where the last one would have gone on; as `_begin`."""
        assert self._change is not None
        assert self._change.conductor is not None
        moment = self.conductor.due(tick)
        if self._change.conductor.follows:
            self._rig.end(tick)
        self._rig.conductor, self._change = self._change.conductor, replace(self._change, conductor=None)
        return await self._begin(step, tick, moment)

    async def _next(self, tick: int) -> Step | None:
        """The step that begins at `tick`, when it is time to hand it over; silence until it comes, if it is late."""
        if not await self._reach(tick):
            self._rig.release()
            return await self._composing
        boundary = self._rig.due(tick)
        if not self._composing.done():
            waiting = asyncio.ensure_future(self._clock.sleep_until(boundary))
            await asyncio.wait((self._composing, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not self._composing.done():
                self._rig.let_go(tick)
        step = await self._composing
        overrun = self._clock.now() - boundary
        if overrun > 0.0 and not self.conductor.follows:
            log.warning("an event came %.0f ms late; the music waited for it", 1e3 * overrun)
            self.conductor.shift(overrun)
        return step

    def _is_timely(self, step: Step, tick: int) -> bool:
        """Whether the music goes on with `step`. Who follows somebody does not slip: he is late, or misses a bar."""
        if not self.conductor.follows:
            return self.conductor.running
        return self.conductor.running and self._clock.now() < self._rig.due(tick + step.event.ticks)

    async def _next_bar(self, compose: Compose, last: Step, step: Step, tick: int) -> tuple[Step | None, int]:
        """Be silent, pass over what is left of the bar, and begin with the next; the step and tick it begins with.

        last: the step before `step`, which is at `tick`.
        """
        self._rig.release()
        following: Step | None = step
        while following is not None and not (last.reaches_bar or self._rewinds):
            last, tick = following, tick + following.event.ticks
            self._composing = asyncio.ensure_future(compose())
            following = await self._composing
        return await self._begin(following, tick), tick

    async def _reach(self, tick: int) -> bool:
        """Wait until it is time to hand over what begins at `tick`; False if the music halts."""
        ahead = self.conductor.lead + self._rig.latency
        return await self._rig.pulse.reach(tick, ahead, self.conductor, self._clock, self._rig.output)

    def _play(self, step: Step, tick: int) -> None:
        self._use_changed(tick)
        messages = self._rig.play(step, tick)
        if self._on_step is not None:
            self._on_step(step, self.conductor.due(tick), messages)

    def _use_changed(self, tick: int) -> None:
        """Put a change into force, if there is one."""
        change, self._change = self._change, None
        if change is not None:
            self._rig.use(change, tick)
