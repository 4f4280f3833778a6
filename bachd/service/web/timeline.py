"""Number the steps that are handed to the output, place them in time, and correct those that a halt cut short.

Law: in the end, what a step is said to have played is what sounded: the notes whose note_ons were due before the halt,
and no longer than until then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from bachd.music.keys import Key
from bachd.music.notation.live import LiveNotation
from bachd.service.web import step_json
from bachd.service.web.messages import PlanMessage, RetractedMessage, Step, StepMessage

if TYPE_CHECKING:
    from bachd.music import piece
    from bachd.realtime.output import TimedMessage

_OPEN: Final = 1.0
"""Seconds between the end of a step and a later one's due moment, after which the first cannot be cut short any more:
more than steps are sent ahead."""


class _Sent(NamedTuple):
    """A step that may still be cut short."""

    step: Step
    messages: Sequence[TimedMessage]
    end: float
    """Monotonic seconds."""

    def is_over(self, moment: float) -> bool:
        """Whether all of it has sounded by `moment`."""
        return self.end <= moment and all(timed.due <= moment for timed in self.messages)


class Timeline:
    """The steps of a run. The methods return what is to be sent to the page."""

    def __init__(self) -> None:
        """Nothing has been played yet."""
        self._notation = LiveNotation()
        self.key: Key | None = None
        """In which what comes next is written, if that is known."""
        self.number = 0
        """Of the step that comes next."""
        self._tick = 0  # of the same
        self._end = 0.0  # when the last step ends
        self._recent: list[_Sent] = []

    def played(
        self,
        step: piece.Step,
        due: float,
        bpm: float,
        messages: Sequence[TimedMessage],
        ahead: Sequence[piece.Step] = (),
    ) -> StepMessage:
        """Add a step that was handed to the output as `messages` and sounds at `due`, monotonic seconds.

        ahead: the steps that are known to come after it.
        """
        written = self._notation.played(step, ahead)
        told = step_json.played(step, written, self.number, self._tick, due, bpm, messages)
        self._recent = [sent for sent in self._recent if sent.end > due - _OPEN]
        self._append(_Sent(told, messages, due + step_json.seconds(step, bpm)))
        return {"type": "step", "step": told}

    def retract(self, moment: float) -> RetractedMessage | None:
        """Take back what has not sounded by `moment`, in monotonic seconds; None if all has."""
        first = next((index for index, sent in enumerate(self._recent) if not sent.is_over(moment)), None)
        if first is None:
            return None
        self._recent, cut = self._recent[:first], self._recent[first:]
        self.number, self._tick, self._end = cut[0].step["n"], cut[0].step["tick"], moment
        message: RetractedMessage = {"type": "retracted", "n": self.number, "steps": []}
        for sent in cut:
            left = step_json.cut(sent.step, self.number, self._tick, sent.messages, moment)
            if left is not None:
                message["steps"].append(left)
                self._append(_Sent(left, (), moment))
        return message

    def plan(self, steps: Sequence[piece.Step], bpm: float) -> PlanMessage:
        """Place the steps that come next; bpm: at a pace of 1."""
        number, tick, due, planned = self.number, self._tick, self._end, []
        notation = self._notation.planned(steps)
        self.key = notation[0].key if notation else None
        for step, written in zip(steps, notation, strict=True):
            planned.append(step_json.planned(step, written, number, tick, due, bpm * step.pace))
            number, tick = number + 1, tick + step.event.ticks
            due += step_json.seconds(step, bpm * step.pace)
        return {"type": "plan", "steps": planned}

    def _append(self, sent: _Sent) -> None:
        self._recent.append(sent)
        self.number, self._tick, self._end = self.number + 1, self._tick + sent.step["ticks"], sent.end
