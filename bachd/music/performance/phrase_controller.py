"""Derive the values of a controller that swells and falls with each phrase.

Law: a value follows from the place in the phrase alone; it is sent where it changes, and not more often than each
sixteenth. When the music ends, the controller is left where it does nothing.

Where nothing is planned, as in a piece that is played from a text, a phrase has four bars, as for the dynamics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bachd.music.event import TICKS
from bachd.music.message import Message, control_change
from bachd.music.performance import dynamics
from bachd.music.piece import Origin, Step

LOW, HIGH = 64, 127
"""Values at the ends of a phrase, and in its middle."""
EVERY: Final = TICKS // 4
"""Ticks between two values at least."""
_NEUTRAL: Final = {1: 0, 7: 100, 11: 127}
"""Modulation, volume and expression as a synth has them at first (General MIDI 2, "Reset All Controllers")."""
_CENTRE: Final = 64
"""The same of the sound controllers, such as brightness, 74."""


class PhraseController:
    """A controller of some channels, and what was sent of it."""

    def __init__(self, number: int, channels: Sequence[int]) -> None:
        """number: of the controller, 0 to 127. channels: 0 to 15."""
        self.number, self.channels = number, tuple(dict.fromkeys(channels))
        self._sent: int | None = None
        self._wait = 0  # ticks from the next step on until a value may be sent

    def for_step(self, step: Step) -> list[tuple[int, Message]]:
        """Return what is to be sent while a step is played, each with its ticks after the step."""
        found = []
        for late in range(self._wait, step.event.ticks, EVERY):
            if (value := _value(step, late)) != self._sent:
                self._sent = value
                found += [(late, control_change(channel, self.number, value)) for channel in self.channels]
        left = self._wait - step.event.ticks
        self._wait = left if left >= 0 else left % EVERY
        return found

    def release(self) -> list[Message]:
        """Return what makes the controller do nothing any more; the next step says its value anew."""
        if self._sent is None:
            return []
        self._sent, self._wait = None, 0
        value = _NEUTRAL.get(self.number, _CENTRE)
        return [control_change(channel, self.number, value) for channel in self.channels]

    def is_own(self, message: Message) -> bool:
        """Whether a message is one of these."""
        return message.type == "control_change" and message.control == self.number


def _value(step: Step, late: int) -> int:
    """The value so many ticks after a step has begun: a parabola over the phrase."""
    if step.origin is Origin.BREATH:
        return LOW
    since, ticks = step.phrase or _four_bars(step)
    passed = min(ticks, since + late)
    return LOW + 4 * (HIGH - LOW) * passed * (ticks - passed) // max(1, ticks) ** 2


def _four_bars(step: Step) -> tuple[int, int]:
    place = step.place
    return place.bar % dynamics.PHRASE * place.metre.bar + place.phase, dynamics.PHRASE * place.metre.bar
