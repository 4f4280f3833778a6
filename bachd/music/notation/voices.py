"""Give each note a voice, counted from the top.

Law: a note keeps its voice as long as it sounds. Of several notes the highest is in the first voice and the lowest in
the last, unless a note that is held stands there; a single note goes on with the voice that is nearest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement, pairwise
from typing import Final

from bachd.music.event import Event

MOST: Final = 4
"""Voices of a score."""
_NAMES: Final = ("Soprano", "Alto", "Tenor", "Bass")
_RARE: Final = 0.05
"""Share of the time for which more notes may sound than there are voices."""
# Costs, in semitones of movement.
_SHARED: Final = 40.0
"""That two notes are in one voice."""
_CROSSED: Final = 100.0
"""That a voice is above one that is higher."""
_INNER: Final = 24.0
"""That the highest or the lowest of several notes is not in the first or last voice."""
_FRESH: Final = 7.0
"""That a single note is in a voice that has just been silent."""
_UNHEARD: Final = 36.0
"""That a note is in a voice that has not had any yet."""


class Voices:
    """Finds the voices of a row of events, one after another."""

    def __init__(self, count: int = MOST) -> None:
        """count: of the voices, 1 to MOST."""
        self._count = count
        self._last: list[int | None] = [None] * count  # the pitch each voice had
        self._sounding: dict[int, int] = {}
        self._alone = self._together = 0  # ticks in which one note sounded, and in which several did

    def __copy__(self) -> Voices:
        made = Voices(self._count)
        made._last, made._sounding = self._last.copy(), self._sounding
        made._alone, made._together = self._alone, self._together
        return made

    def assign(self, event: Event) -> dict[int, int]:
        """Return the voice of each pitch that sounds in the next event; 0 is the highest."""
        held = {pitch: self._sounding[pitch] for pitch in event.held if pitch in self._sounding}
        new = sorted((pitch for pitch in event.sounding if pitch not in held), reverse=True)
        if not held and len(new) == self._count:
            found = {pitch: voice for voice, pitch in enumerate(new)}
        elif len(event.sounding) == 1 and new and self._is_line:
            found = {new[0]: 0}
        elif new:
            choices = combinations_with_replacement(range(self._count), len(new))
            chosen = min(choices, key=lambda voices: self._cost(held, new, voices))
            found = held | dict(zip(new, chosen, strict=True))
        else:
            found = held
        for pitch, voice in found.items():
            self._last[voice] = pitch
        self._sounding = found
        self._alone += event.ticks * (len(found) == 1)
        self._together += event.ticks * (len(found) > 1)
        return found

    @property
    def _is_line(self) -> bool:
        """Whether a single note sounded for most of the time: a line, whose chords do not make it another voice."""
        return self._alone > self._together

    def _cost(self, held: dict[int, int], new: Sequence[int], voices: Sequence[int]) -> float:
        cost = 0.0
        for pitch, voice in zip(new, voices, strict=True):
            last = self._last[voice]
            cost += _UNHEARD if last is None else abs(pitch - last)
        together = sorted((held | dict(zip(new, voices, strict=True))).items(), reverse=True)
        for (_, upper), (_, lower) in pairwise(together):
            cost += _SHARED if upper == lower else _CROSSED if upper > lower else 0.0
        if len(together) == 1:
            return cost + (_FRESH if self._sounding and voices[0] not in self._sounding.values() else 0.0)
        cost += _INNER * (together[0][1] != 0) + _INNER * (together[-1][1] != self._count - 1)
        return cost


def count(events: Iterable[Event]) -> int:
    """How many voices a score of some events needs, 1 to MOST: seldom more notes sound together."""
    lasting: dict[int, int] = {}
    for event in events:
        sounding = len(event.sounding)
        lasting[sounding] = lasting.get(sounding, 0) + event.ticks
    sounds = sum(ticks for notes, ticks in lasting.items() if notes)
    for voices in range(1, MOST):
        if sum(ticks for notes, ticks in lasting.items() if notes > voices) <= _RARE * sounds:
            return voices
    return MOST


def names(voices: int) -> tuple[str, ...]:
    """Names for so many voices, from the top."""
    return _NAMES if voices == MOST else tuple(f"Voice {number + 1}" for number in range(voices))
