"""What steps are played with, how they become messages with deadlines there, and how it is changed.

Law: whatever sounds is known, so every note_on has its note_off; deadlines never decrease; nothing is left sounding on
an output that is exchanged for another one.

When a step is played is the player's affair: nothing here waits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

from bachd.music.expression import Expression
from bachd.music.message import Message, set_tempo
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.clock_out import Pulse
from bachd.realtime.in_flight import Handed
from bachd.realtime.meta_events import Signs
from bachd.realtime.note_tracker import Hands
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.transport import Conductor

Patches: TypeAlias = Sequence[Sequence[Message]]
"""What chooses the sounds: for each channel its bank and program, sent again together when one of them changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """How to play from a step on; the fields are what `Player.change` calls so."""

    output: Output
    bpm: float
    channels: tuple[int, ...]
    patches: Patches
    latency: float
    expression: Expression | None
    """None: the one there is."""
    conductor: Conductor | None
    """None: the one there is."""
    pulse: Pulse | None
    """None: the one there is."""


class Rig:
    """An output, a conductor, the clock that is sent, and hands."""

    def __init__(
        self,
        output: Output,
        conductor: Conductor,
        clock: Clock,
        hands: Hands,
        pulse: Pulse,
        patches: Patches,
        latency: float,
    ) -> None:
        """Sounds nothing yet; patches and latency are what Player calls so."""
        self.output = output
        self.conductor = conductor
        self.pulse = pulse
        self.latency = latency
        self._clock = clock
        self._hands = hands
        self._patches = patches
        self._bpm = conductor.bpm  # from which the pace of steps departs
        self._untold: list[Message] = []  # what the output has to be told before the next note
        self._in_bar = False  # whether the next step begins in a bar that an earlier one has begun
        self._handed = Handed()
        self._signs = Signs()
        self._last_due = -math.inf

    def due(self, tick: int) -> float:
        """The moment at which a message for `tick` must leave, in monotonic seconds."""
        return self.conductor.due(tick) - self.latency

    def open(self) -> None:
        """Tell the output what it has to know before the first step."""
        self._send(0, self._opening())

    def play(self, step: Step, tick: int) -> Sequence[TimedMessage]:
        """Hand over the chord that sounds from `tick` on, first what ends, then what begins; returns the messages."""
        changes, self._untold = [*self._untold, *self._pace(tick, step.pace)], []
        self.pulse.start(self.output, tick, self.conductor)
        if not self._in_bar:
            self.output.bar(self.due(tick))
        self._in_bar = not step.reaches_bar
        moment = self.due(tick)
        rate = step.event.ticks / (self.due(tick + step.event.ticks) - moment)
        ended, begun = self._hands.play(step, rate)
        messages = [*ended, *((0, message) for message in (*changes, *self._signs.of(step))), *begun]
        messages.sort(key=itemgetter(0))
        return self._hand_over([TimedMessage(moment + late / rate, tick + late, message) for late, message in messages])

    def let_go(self, tick: int) -> None:
        """End all that sounds when `tick` is reached."""
        self._send(tick, self._hands.let_go())

    def end(self, tick: int) -> None:
        """The music ends with `tick`, and so does the clock that goes with it."""
        self.let_go(tick)
        self.pulse.stop(self.output, self.conductor.due(tick), tick)

    def release(self) -> None:
        """End all that sounds, at once: what has been handed over and is not yet due is taken back."""
        now = self._clock.now()
        self.output.retract(now)
        taken = self._handed.take_back(now)
        self._hands.sounding = taken.sounding
        self._untold = [*taken.lost, *self._untold]
        self._last_due = now
        tick = max(self.conductor.tick(now + self.latency), taken.tick)
        self._hand_over([TimedMessage(now, tick, message) for message in self._hands.let_go()])
        self.pulse.stop(self.output, now, tick)
        self._in_bar = False

    def use(self, change: Change, tick: int) -> None:
        """Play otherwise from `tick` on. What the output has to be told of it, it is told with the next step."""
        told = [[set_tempo(self.conductor.bpm)], *self._patches]
        if change.output is not self.output or change.pulse is not None:
            self.pulse.stop(self.output, self.conductor.due(tick), tick)
            self.pulse = change.pulse or self.pulse
        if change.output is not self.output:
            self.let_go(tick)
            self.output = change.output
            self._signs.forget()
            told = []
        if change.conductor is not None:
            self.conductor = change.conductor
        self.conductor.change(tick, change.bpm)
        self.conductor.shift(change.latency - self.latency)
        self._hands.use(change.channels, change.expression)
        self._bpm, self._patches, self.latency = change.bpm, change.patches, change.latency
        for group in ([set_tempo(self.conductor.bpm)], *self._patches):
            if group not in told:
                self._untold += group

    def _pace(self, tick: int, pace: float) -> list[Message]:
        """Take this share of the tempo from `tick` on; returns what a file has to be told of it."""
        bpm = self._bpm * pace
        if self.conductor.follows or self.conductor.bpm == bpm:
            return []
        self.conductor.change(tick, bpm)
        return [set_tempo(bpm)]

    def _opening(self) -> list[Message]:
        return [set_tempo(self.conductor.bpm), *chain(*self._patches)]

    def _send(self, tick: int, messages: Sequence[Message]) -> None:
        """Hand messages over, all for the moment of `tick`."""
        self._hand_over([TimedMessage(self.due(tick), tick, message) for message in messages])

    def _hand_over(self, messages: Sequence[TimedMessage]) -> Sequence[TimedMessage]:
        """Hand messages over in this order, none of them earlier than the one before; returns what was sent."""
        ready = []
        for timed in messages:
            self._last_due = max(self._last_due, timed.due)
            ready.append(replace(timed, due=self._last_due))
        if ready:
            self._handed.add(ready, self._clock.now())
            self.output.send(ready)
        return ready
