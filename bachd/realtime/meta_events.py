"""What a score prints above the notes: the names of pieces, and their metres.

Law: a sign is told once, where it begins to hold.
"""

from __future__ import annotations

from bachd.music.event import TICKS
from bachd.music.message import Message, marker, time_signature
from bachd.music.metre import Metre, Place
from bachd.music.piece import Step


class Signs:
    """The signs of a run, step by step."""

    def __init__(self) -> None:
        self._metre: Metre | None = None  # the last that was told
        self._in_upbeat = False

    def forget(self) -> None:
        """Nothing has been told yet: there is somebody else to tell."""
        self._metre = None

    def of(self, step: Step) -> list[Message]:
        """What stands above the step.

        An upbeat at the start of the run is a short bar. A later one ends the bar of the breath before it, in its
        metre.
        """
        signs = []
        if step.opens:
            signs.append(marker(step.piece))
            self._in_upbeat = step.place.phase > 0
        self._in_upbeat = self._in_upbeat and step.place.bar == 0
        metre = step.place.metre
        if self._in_upbeat:
            metre = self._metre or _upbeat(step.place) or metre
        if metre != self._metre:
            self._metre = metre
            signs.append(time_signature(metre.beats, metre.unit))
        return signs


def _upbeat(place: Place) -> Metre | None:
    """A time signature for what is left of the bar; None if `place` begins one, or for fractions no signature has."""
    left = place.metre.bar - place.phase
    for unit in (4, 8, 16, 32):
        beats, rest = divmod(left * unit, 4 * TICKS)
        if place.phase and not rest and beats < 256:  # a byte in a file
            return Metre(beats, unit)
    return None
