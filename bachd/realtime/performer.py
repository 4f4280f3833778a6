"""Turn steps into messages with deadlines, send them, and change what they are played with.

Law: whatever sounds is known, so every note_on has its note_off; deadlines never decrease; nothing is left sounding on
an output that is exchanged for another one.

The player decides when a step is played: nothing here waits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import TypeAlias

from bachd.music.message import Message, set_tempo
from bachd.music.performance.expression import Expression
from bachd.music.performance.phrase_controller import PhraseController
from bachd.music.piece import Step
from bachd.realtime.clock import Clock
from bachd.realtime.clock_out import ClockMode, ClockSender
from bachd.realtime.in_flight import InFlight
from bachd.realtime.meta_events import MetaEvents
from bachd.realtime.note_tracker import AS_WRITTEN, NoteTracker, VoiceMix
from bachd.realtime.output import Output, TimedMessage
from bachd.realtime.transport import Conductor

Patches: TypeAlias = Sequence[Sequence[Message]]
"""What chooses the sounds: for each channel its bank and program, sent again together when one of them changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """Settings of a player that change at a step. Fields are named as in the player."""

    output: Output
    bpm: float
    channels: Sequence[int] = (1,)
    patches: Patches = ()
    latency: float = 0.0
    expression: Expression | None = None
    """None: the present one."""
    conductor: Conductor | None = None
    """None: the present one. Another one has not begun anything yet."""
    clock_mode: ClockMode = ClockMode.OFF
    mix: VoiceMix = AS_WRITTEN
    phrase_controller: PhraseController | None = None


class Performer:
    """An output, a conductor, the notes that sound, and the clock that is sent."""

    def __init__(
        self,
        output: Output,
        conductor: Conductor,
        clock: Clock,
        note_tracker: NoteTracker,
        clock_mode: ClockMode,
        patches: Patches,
        latency: float,
        phrase_controller: PhraseController | None = None,
    ) -> None:
        """Send nothing yet; the parameters are those of Player."""
        self.conductor = conductor
        self.latency = latency
        self.clock_sender = ClockSender(output, conductor, clock, clock_mode)
        self._output = output
        self._clock = clock
        self._note_tracker = note_tracker
        self._patches = patches
        self._bpm = conductor.bpm  # from which the pace of steps departs
        self._unsent: list[Message] = []  # settings that the output needs before the next note
        self._in_flight = InFlight()
        self._meta_events = MetaEvents()
        self._phrase_controller = phrase_controller
        self._last_due = -math.inf

    def due(self, tick: int) -> float:
        """Return the moment at which a message for `tick` must leave, in monotonic seconds."""
        return self.conductor.due(tick) - self.latency

    def open(self) -> None:
        """Send the settings that the output needs before the first step."""
        self._unsent.clear()
        self._send(0, [set_tempo(self.conductor.bpm), *chain(*self._patches)])

    def play(self, step: Step, tick: int, *, opens_bar: bool) -> Sequence[TimedMessage]:
        """Send the chord that sounds from `tick` on: first what ends, then what begins. Returns the messages.

        opens_bar: whether it is the first in its bar.
        """
        settings, self._unsent = [*self._unsent, *self._set_pace(tick, step.pace)], []
        self.clock_sender.start(tick)
        moment = self.due(tick)
        if opens_bar:
            self._output.bar(moment)
        rate = step.event.ticks / (self.due(tick + step.event.ticks) - moment)
        ended, begun = self._note_tracker.play(step, rate)
        swell = self._phrase_controller.for_step(step) if self._phrase_controller else []
        settings += self._meta_events.for_step(step)
        messages = [*ended, *((0, message) for message in settings), *swell, *begun]
        messages.sort(key=itemgetter(0))
        return self._send_in_order(
            [TimedMessage(moment + late / rate, tick + late, message) for late, message in messages]
        )

    def release_at(self, tick: int) -> None:
        """End all notes when `tick` is reached."""
        self._send(tick, self._note_tracker.release_all())

    def stop(self, tick: int) -> None:
        """End all notes, and the clock, when `tick` is reached."""
        self.release_at(tick)
        self._send(tick, self._released())
        self.clock_sender.stop(self.conductor.due(tick), tick)

    def stop_now(self) -> float:
        """End all notes, and the clock, at once; what was sent and is due after the moment returned is retracted."""
        now = self._clock.now()
        self._output.retract(now)
        retracted = self._in_flight.retract(now)
        self._note_tracker.sounding = retracted.sounding
        self._unsent = [*(message for message in retracted.undelivered if not self._follows(message)), *self._unsent]
        self._last_due = now
        tick = max(self.conductor.tick(now + self.latency), retracted.tick)
        ends = [*self._note_tracker.release_all(), *self._released()]
        self._send_in_order([TimedMessage(now, tick, message) for message in ends])
        self.clock_sender.stop(now, tick)
        return now

    def use(self, change: Change, tick: int) -> None:
        """Apply `change` from `tick` on; channel settings that the output needs for it are sent with the next step.

        Messages leave earlier or later by another latency, but in the rhythm in which they would have left.
        """
        known = [[set_tempo(self.conductor.bpm)], *self._patches]
        if change.conductor is not None and change.conductor.follows:
            self.stop(tick)  # for its next bar may be far
        conductor = change.conductor or self.conductor
        self.clock_sender.use(change.output, conductor, change.clock_mode, tick)
        if change.output is not self._output or _differ(change.phrase_controller, self._phrase_controller):
            self._send(tick, self._released())
            self._phrase_controller = change.phrase_controller
        if change.output is not self._output:
            self.release_at(tick)
            self._output = change.output
            self._meta_events.reset()
            known = []
        self.conductor = conductor
        self.conductor.change(tick, change.bpm)
        self.conductor.shift(change.latency - self.latency)
        self._note_tracker.use(change.channels, change.expression, change.mix)
        self._bpm, self._patches, self.latency = change.bpm, change.patches, change.latency
        for group in ([set_tempo(self.conductor.bpm)], *self._patches):
            if group not in known:
                self._unsent += group

    def _released(self) -> list[Message]:
        """What makes the controller of phrases do nothing any more."""
        return self._phrase_controller.release() if self._phrase_controller else []

    def _follows(self, message: Message) -> bool:
        """Whether a message is of the controller of phrases, and says nothing after its moment."""
        return self._phrase_controller is not None and self._phrase_controller.is_own(message)

    def _set_pace(self, tick: int, pace: float) -> list[Message]:
        """Change to this share of the tempo at `tick`; returns the tempo message for it, if it is another tempo."""
        bpm = self._bpm * pace
        if self.conductor.follows or self.conductor.bpm == bpm:
            return []
        self.conductor.change(tick, bpm)
        return [set_tempo(bpm)]

    def _send(self, tick: int, messages: Sequence[Message]) -> None:
        """Send messages, all for the moment of `tick`."""
        self._send_in_order([TimedMessage(self.due(tick), tick, message) for message in messages])

    def _send_in_order(self, messages: Sequence[TimedMessage]) -> Sequence[TimedMessage]:
        """Send messages in this order, none of them earlier than the one before; returns what was sent."""
        ready = []
        for timed in messages:
            self._last_due = max(self._last_due, timed.due)
            ready.append(replace(timed, due=self._last_due))
        if ready:
            self._in_flight.add(ready, self._clock.now())
            self._output.send(ready)
        return ready


def _differ(one: PhraseController | None, other: PhraseController | None) -> bool:
    """Whether two controllers of phrases are not alike."""
    if one is None or other is None:
        return one is not other
    return (one.number, one.channels) != (other.number, other.channels)
