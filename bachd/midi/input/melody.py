"""Hear the melody in what a person plays: which of the keys that are down is the top voice, or the lowest one.

Law: as long as any key that can be of the melody is down, or the pedal holds it, there is a melody; when none is, there
is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from bachd.midi.input.person import DOWN, SUSTAIN, PersonEvent

APART: Final = 12
"""Semitones: a key that is struck further below the melody, or above a bass, accompanies it; a nearer one is its next
note."""
TOGETHER: Final = 0.03
"""Seconds within which keys are struck at once, and the outermost of them is the melody."""

_Key: TypeAlias = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the melody."""

    pitch: int
    velocity: int


class MelodyFinder:
    """The keys and sustain pedals of all keyboards."""

    def __init__(self) -> None:
        self._keys: dict[_Key, tuple[float, int]] = {}  # struck when and how hard, in this order
        self._down: set[_Key] = set()
        self._pedals: set[tuple[str, int]] = set()
        self._melody: _Key | None = None
        self._up = 1
        self._split: int | None = None

    def use(self, *, lowest: bool, split: int | None) -> None:
        """Listen in another way from the next key on.

        lowest: whether the melody is the lowest voice, not the highest. split: the pitch from which on keys are of the
        melody, or below which, if it is the lowest; the others accompany it. None for no such pitch.
        """
        self._up, self._split = -1 if lowest else 1, split

    @property
    def pitches(self) -> frozenset[int]:
        """All that the person lets sound."""
        return frozenset(pitch for _, _, pitch in self._keys)

    @property
    def note(self) -> Note | None:
        """The note of the melody that sounds."""
        return None if self._melody is None else Note(self._melody[2], self._keys[self._melody][1])

    def take(self, event: PersonEvent) -> bool:
        """Take in what a person does; returns whether the melody begins another note, or ends."""
        message, before = event.message, self._melody
        key = (event.source, message.channel, message.data[1])
        if message.type == "note_on":
            self._keys.pop(key, None)
            self._keys[key] = (event.moment, message.velocity)
            self._down.add(key)
            if self._is_next(key, event.moment):
                self._melody = key
                return True
        elif message.type == "note_off":
            self._down.discard(key)
            self._end([key])
        elif message.type == "control_change" and message.control == SUSTAIN:
            self._press(key[:2], is_down=message.value >= DOWN)
        return self._melody != before

    def _is_next(self, key: _Key, moment: float) -> bool:
        if not self._can_lead(key):
            return False
        if self._melody is None or self._melody not in self._keys or self._melody == key:
            return True
        further = self._up * (key[2] - self._melody[2])
        at_once = moment - self._keys[self._melody][0] <= TOGETHER
        return further > 0 if at_once else self._split is not None or further >= -APART

    def _can_lead(self, key: _Key) -> bool:
        return self._split is None or (key[2] >= self._split) == (self._up > 0)

    def _press(self, pedal: tuple[str, int], *, is_down: bool) -> None:
        if is_down:
            self._pedals.add(pedal)
        else:
            self._pedals.discard(pedal)
            self._end([key for key in self._keys if key[:2] == pedal])

    def _end(self, keys: list[_Key]) -> None:
        """End those of some keys that nothing holds any more."""
        for key in keys:
            if key not in self._down and key[:2] not in self._pedals:
                self._keys.pop(key, None)
        if self._melody is not None and self._melody not in self._keys:
            led = [key for key in self._keys if self._can_lead(key)]
            held = [key for key in led if key in self._down] or led
            self._melody = max(held, key=lambda key: self._up * key[2], default=None)
