"""What a thread has to send, and when: a heap that others fill and empty while it waits.

Law: what is taken is the next to be sent, by deadline and then in the order given; what is forgotten before it was
taken is never sent, and what was taken is ended if it was to be forgotten.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

_NOTE_OFF, _NOTE_ON = 0x80, 0x90


@dataclass(frozen=True, slots=True)
class Chord:
    """What leaves at one moment."""

    due: float
    """Monotonic seconds."""
    messages: list[bytes] = field(default_factory=list)


class Agenda:
    """Chords to come. One thread takes them; any may put and retract."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, bytes]] = []
        self._order = count()
        self._taken = Chord(0.0)
        self._ended = False

    def put(self, messages: Iterable[tuple[float, bytes]]) -> None:
        """Add messages, each with its deadline in monotonic seconds."""
        with self._changed:
            before = self._heap[0] if self._heap else None
            for due, data in messages:
                heapq.heappush(self._heap, (due, next(self._order), data))
            if self._heap and self._heap[0] is not before:
                self._changed.notify()

    def retract(self, moment: float) -> None:
        """Forget what is due after `moment`. A chord that was taken is being sent: its notes are ended after it."""
        with self._changed:
            self._heap = [each for each in self._heap if each[0] <= moment]
            heapq.heapify(self._heap)
            if self._taken.due > moment:
                for data in filter(begins, self._taken.messages):
                    heapq.heappush(self._heap, (self._taken.due, next(self._order), ending(data)))
            self._changed.notify()

    def take(self, ahead: float) -> Chord | None:
        """The next chord, `ahead` seconds before its deadline, or at once if it is late; None after the last one."""
        with self._changed:
            self._taken = Chord(0.0)
            while True:
                if self._heap:
                    left = self._heap[0][0] - ahead - monotonic()
                    if left <= 0:
                        break
                    self._changed.wait(left)
                elif self._ended:
                    return None
                else:
                    self._changed.wait()
            chord = Chord(self._heap[0][0])
            while self._heap and self._heap[0][0] == chord.due:
                chord.messages.append(heapq.heappop(self._heap)[2])
            self._taken = chord
        return chord

    def end(self) -> None:
        """No more will be put."""
        with self._changed:
            self._ended = True
            self._changed.notify()


def begins(data: bytes) -> bool:
    """Whether a note begins; with velocity 0, one ends."""
    return len(data) == 3 and data[0] & 0xF0 == _NOTE_ON and data[2] > 0


def ending(data: bytes) -> bytes:
    """The note_off for a note_on."""
    return bytes((_NOTE_OFF | data[0] & 0x0F, data[1], 0))
