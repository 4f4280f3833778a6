"""What is to be sent, and when: a heap that is filled and emptied again while it is waited for.

Law: what is taken is the next to be sent, by deadline and then in the order given; what is forgotten before it was
taken is never sent, and what was taken too early to be forgotten is ended.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from collections.abc import Iterable
from itertools import count
from time import monotonic
from typing import Final, TypeAlias

_NOTE_OFF: Final = 0x80
_NOTE_ON: Final = 0x90
_SOON: Final = 64
"""More note_ons than are taken within the moment by which any are taken too early."""

Due: TypeAlias = tuple[float, bytes]
"""A message with its deadline in monotonic seconds."""


class Heap:
    """Messages to come. For one thread at a time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, bytes]] = []
        self._order = count()
        self._begun: deque[Due] = deque(maxlen=_SOON)

    @property
    def next(self) -> float:
        """The first deadline; infinity if there is nothing."""
        return self._heap[0][0] if self._heap else math.inf

    def put(self, due: float, data: bytes) -> None:
        """Add a message."""
        heapq.heappush(self._heap, (due, next(self._order), data))

    def take(self, moment: float, most: float = math.inf) -> list[Due]:
        """What is due at `moment` or before, at most so many messages."""
        taken: list[Due] = []
        while self._heap and self._heap[0][0] <= moment and len(taken) < most:
            due, _, data = heapq.heappop(self._heap)
            taken.append((due, data))
            if begins(data):
                self._begun.append((due, data))
        return taken

    def retract(self, moment: float) -> None:
        """Forget what is due after `moment`. Notes of it that were taken are ended as soon as they have begun."""
        self._heap = [each for each in self._heap if each[0] <= moment]
        heapq.heapify(self._heap)
        for due, data in self._begun:
            if due > moment:
                self.put(due, ending(data))
        self._begun.clear()


class Agenda:
    """A heap for several threads, of which one waits and takes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap = Heap()
        self._ended = False

    def put(self, messages: Iterable[Due]) -> None:
        """Add messages."""
        with self._changed:
            for due, data in messages:
                self._heap.put(due, data)
            self._changed.notify()

    def retract(self, moment: float) -> None:
        """Forget what is due after `moment`."""
        with self._changed:
            self._heap.retract(moment)
            self._changed.notify()

    def take(self, ahead: float) -> list[Due]:
        """The next chord, all for one moment, `ahead` seconds before it or as soon as it is there.

        Waits for it; nothing after the last one, when `end` has been called.
        """
        with self._changed:
            while (left := self._heap.next - ahead - monotonic()) > 0:
                if left < math.inf:
                    self._changed.wait(left)
                elif self._ended:
                    return []
                else:
                    self._changed.wait()
            return self._heap.take(self._heap.next)

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
