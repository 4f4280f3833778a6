"""Write the meta events that go with the steps: a marker with each piece's name, key and time signatures.

They are meta events 06, 59 and 58 of Standard MIDI Files 1.0, section "Meta-Event Definitions".

Law: a time signature is sent once, where it begins to hold.
"""

from __future__ import annotations

from bachd.music.event import TICKS
from bachd.music.message import Message, key_signature, marker, time_signature
from bachd.music.metre import Metre, Place
from bachd.music.notation.spelling import signature
from bachd.music.piece import Step


class MetaEvents:
    """The meta events of a run, step by step."""

    def __init__(self) -> None:
        self._metre: Metre | None = None  # of the last time signature
        self._in_upbeat = False

    def reset(self) -> None:
        """Forget what was sent, so that another output gets the time signature, too."""
        self._metre = None

    def for_step(self, step: Step) -> list[Message]:
        """Return what comes with the step: marker and key where a piece opens, time signature where that changes.

        An upbeat at the start of the run is a short bar. A later one ends the bar of the breath before it, in its
        metre.
        """
        messages = []
        if step.opens:
            messages.append(marker(step.piece))
            if step.key is not None:
                messages.append(key_signature(signature(step.key), minor=step.key.minor))
            self._in_upbeat = step.place.phase > 0
        self._in_upbeat = self._in_upbeat and step.place.bar == 0
        metre = step.place.metre
        if self._in_upbeat:
            metre = self._metre or _upbeat(step.place) or metre
        if metre != self._metre:
            self._metre = metre
            messages.append(time_signature(metre.beats, metre.unit))
        return messages


def _upbeat(place: Place) -> Metre | None:
    """A time signature for what is left of the bar; None if `place` begins one, or for fractions no signature has."""
    left = place.metre.bar - place.phase
    for unit in (4, 8, 16, 32):
        beats, rest = divmod(left * unit, 4 * TICKS)
        if place.phase and not rest and beats < 256:  # a byte in a file
            return Metre(beats, unit)
    return None
