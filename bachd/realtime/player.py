"""Play steps: compose one ahead, send each in time, wait for it if it is late, and begin again after a halt.

Law: nothing goes on sounding, however the music ends; after a stall it goes on from where it was, later, and nothing
is replayed in a burst. The conductor (see transport.py) may halt the music: then there is silence at once, and it goes
on with a bar, or after `rewind` with the beginning of a piece. What changes with a step comes with the step.

performer.py turns steps into messages. Here alone it is known whether a step is the first in its bar.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

from bachd.music.performance.expression import Expression
from bachd.music.performance.phrase_controller import PhraseController
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.clock_out import ClockMode
from bachd.realtime.note_tracker import AS_WRITTEN, NoteTracker, VoiceMix
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.performer import Change, Patches, Performer
from bachd.realtime.transport import Conductor
from bachd.realtime.wait_until import until

log = logging.getLogger(__name__)


class Composed(NamedTuple):
    """A step, and how to play from it on if that changes with it."""

    step: Step
    change: Change | None = None


Compose: TypeAlias = Callable[[bool], Awaitable[Composed | None]]
"""Returns the next step; None when the music is over. It is called with whether that step is the first in a bar."""
Restart: TypeAlias = Callable[[], Awaitable[Composed | None]]
"""Returns the first step of a piece, from which `compose` goes on."""
OnStep: TypeAlias = Callable[[Step, float, Sequence[TimedMessage]], None]
"""Called with a step, the moment at which it sounds, in monotonic seconds, and the messages that were sent."""
OnRetract: TypeAlias = Callable[[float], None]
"""Called when all was silenced at a moment, in monotonic seconds: no message that is due later sounds."""
OnWait: TypeAlias = Callable[[], Change | None]
"""Called every second or so while the conductor keeps the music waiting; returns how to play when it goes on."""


class Player:
    """Plays steps on an output, one step ahead of what sounds."""

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
        clock_mode: ClockMode = ClockMode.OFF,
        mix: VoiceMix = AS_WRITTEN,
        phrase_controller: PhraseController | None = None,
        on_step: OnStep | None = None,
        on_retract: OnRetract | None = None,
        on_wait: OnWait | None = None,
    ) -> None:
        """Send nothing yet.

        channels: 1 to 16; the voices from the top go to one each, the last takes the rest.
        patches: bank and program of each channel, sent at the start.
        latency: seconds by which messages leave early, because the synth answers late.
        expression: how the notes are struck; None: as they are written, but loud as metre and phrase want it.
        clock_mode: whether MIDI clock is sent with the music.
        mix: how loud each voice is, and where it has a channel of its own.
        phrase_controller: a controller that follows the phrases.
        """
        self._clock = clock
        note_tracker = NoteTracker(channels, expression, mix)
        self._performer = Performer(
            output, conductor, clock, note_tracker, clock_mode, patches, latency, phrase_controller
        )
        self._on_step = on_step
        self._on_retract = on_retract
        self._on_wait = on_wait
        self._opens_bar = True  # whether the step that comes next is the first in its bar
        self._rewinds = False

    async def perform(self, compose: Compose, restart: Restart | None = None) -> None:
        """Play until `compose` returns None. Cancel it to stop at once; whatever `compose` raises ends it, too.

        restart: called for the next step after a `rewind`.

        Nothing sounds afterwards, once the output has delivered what it was sent.
        """
        self._compose = compose
        self._restart = restart
        self._composing = asyncio.ensure_future(compose(self._opens_bar))
        tick = 0
        try:
            step = await self._begin(self._take(await self._composing, tick), tick)
            if step is not None:
                self._performer.open()
            while step is not None:
                self._play(step, tick)
                tick += step.event.ticks
                self._compose_after(step)
                composed = await self._next(tick)
                if composed is None or self._is_timely(composed.step, tick):
                    step = await self._go_on(composed, tick)
                else:
                    step, tick = await self._next_bar(composed, tick)
            self._performer.stop(tick)
        except BaseException:
            self._stop_now()
            raise
        finally:
            self._composing.cancel()

    @property
    def conductor(self) -> Conductor:
        """The present conductor."""
        return self._performer.conductor

    def rewind(self) -> None:
        """Begin with a piece when the music goes on after a halt, or else instead of the step that is sent next."""
        self._rewinds = True

    def _compose_after(self, step: Step) -> None:
        """Begin to compose the step that follows `step`."""
        self._opens_bar = step.reaches_bar
        self._composing = asyncio.ensure_future(self._compose(self._opens_bar))

    async def _next(self, tick: int) -> Composed | None:
        """Return the step that begins at `tick`, when it is time to send it; until a late one comes, be silent."""
        if not await self._reach(tick):
            self._stop_now()
            return await self._composing
        boundary = self._performer.due(tick)
        if not self._composing.done():
            waiting = asyncio.ensure_future(self._clock.sleep_until(boundary))
            await asyncio.wait((self._composing, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not self._composing.done():
                self._performer.release_at(tick)
        composed = await self._composing
        overrun = self._clock.now() - boundary
        if overrun > 0.0 and not self.conductor.follows:
            log.warning("an event came %.0f ms late; the music waited for it", 1e3 * overrun)
            self.conductor.shift(overrun)
        return composed

    def _is_timely(self, step: Step, tick: int) -> bool:
        """Whether the music goes on with `step`. An external tempo does not wait: what is late misses a bar."""
        if self._rewinds or not self.conductor.follows:
            return self.conductor.running and not self._rewinds
        return self.conductor.running and self._clock.now() < self._performer.due(tick + step.event.ticks)

    async def _go_on(self, composed: Composed | None, tick: int) -> Step | None:
        """Put the change that comes with a step into force; another conductor begins where the last would go on."""
        if composed is None or composed.change is None or composed.change.conductor is None:
            return self._take(composed, tick)
        moment = self._performer.due(tick)
        step = self._take(composed, tick)
        return await self._begin(step, tick, moment + self._performer.latency)

    async def _next_bar(self, composed: Composed | None, tick: int) -> tuple[Step | None, int]:
        """Be silent, skip what is left of the bar, and begin with the next; returns its first step and tick."""
        self._stop_now()
        step = self._take(composed, tick)
        while step is not None and not (self._opens_bar or self._rewinds):
            tick += step.event.ticks
            self._compose_after(step)
            step = self._take(await self._composing, tick)
        return await self._begin(step, tick), tick

    async def _begin(self, step: Step | None, tick: int, moment: float = -math.inf) -> Step | None:
        """Wait until the conductor lets the music go on with `step` at `tick`, at `moment` at the earliest.

        Returns the step that it does go on with: another one, if it was rewound meanwhile.
        """
        while step is not None:
            if self._rewinds:
                step = await self._rewound(tick)
                continue
            now = self._clock.now()
            lead = 0.0 if self.conductor.follows or moment > now else self.conductor.lead
            if not self.conductor.begin(tick, step.place, max(moment, now + lead + self._performer.latency)):
                await self._wait(tick)
                continue
            self._performer.clock_sender.prepare(tick)
            if await self._reach(tick):
                return step
            self._stop_now()
        return None

    async def _rewound(self, tick: int) -> Step | None:
        """Return the first step of a piece, to play from `tick` on."""
        self._rewinds = False
        self._stop_now()
        self._performer.clock_sender.rewind()
        self._opens_bar = True
        return self._take(await (self._restart() if self._restart else self._compose(True)), tick)

    async def _wait(self, tick: int) -> None:
        """Wait a little for the conductor; what changes meanwhile is in force when the music goes on with `tick`."""
        await until(self._performer.clock_sender.idle(), self.conductor, self._clock)
        if self._on_wait is not None and (change := self._on_wait()) is not None:
            self._performer.use(change, tick)

    async def _reach(self, tick: int) -> bool:
        """Wait until it is time to send what begins at `tick`; False if the music halts."""
        return await self._performer.clock_sender.reach(tick, self.conductor.lead + self._performer.latency)

    def _take(self, composed: Composed | None, tick: int) -> Step | None:
        """Put the change that comes with a step into force; returns the step."""
        if composed is None:
            return None
        if composed.change is not None:
            self._performer.use(composed.change, tick)
        return composed.step

    def _play(self, step: Step, tick: int) -> None:
        messages = self._performer.play(step, tick, opens_bar=self._opens_bar)
        if self._on_step is not None:
            self._on_step(step, self.conductor.due(tick), messages)

    def _stop_now(self) -> None:
        """End all that sounds at once, and report from which moment on nothing of what was sent sounds."""
        moment = self._performer.stop_now()
        if self._on_retract is not None:
            self._on_retract(moment)
