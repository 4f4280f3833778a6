"""Hear the melody in what a person plays: which of the keys that are down is the top voice.

Law: as long as any key is down, or the pedal holds it, there is a melody; when none is, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from bachd.midi.input.person import DOWN, SUSTAIN, PersonEvent

APART: Final = 12
"""Semitones: a key that is struck further below the melody accompanies it; a nearer one is its next note."""
TOGETHER: Final = 0.03
"""Seconds within which keys are struck at once, and the highest of them is the melody."""

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
        if self._melody is None or self._melody not in self._keys or self._melody == key:
            return True
        at_once = moment - self._keys[self._melody][0] <= TOGETHER
        return key[2] > self._melody[2] if at_once else key[2] >= self._melody[2] - APART

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
            held = [key for key in self._keys if key in self._down] or list(self._keys)
            self._melody = max(held, key=lambda key: key[2], default=None)
