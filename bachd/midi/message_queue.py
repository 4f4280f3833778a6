"""Queue MIDI messages by deadline, so that they can be taken back until they are delivered.

Law: messages are delivered by deadline, those of one deadline in the order given. What is retracted before it was
delivered never is. A note_on that was delivered before it was retracted is ended at the moment of the retraction, and
nothing retracts that end.
"""

from __future__ import annotations

import heapq
import math
import struct
import threading
from collections.abc import Iterable, Iterator
from itertools import count
from time import monotonic
from typing import IO, Final, TypeAlias

_NOTE_OFF: Final = 0x80
_NOTE_ON: Final = 0x90

Due: TypeAlias = tuple[float, bytes]
"""A message with its deadline in monotonic seconds; without bytes, what is due later is retracted."""
_HEAD: Final = struct.Struct("<dH")
"""A record's deadline and the number of bytes that follow it."""


class MessageHeap:
    """Messages to come, and the notes that sound. For one thread at a time."""

    def __init__(self) -> None:
        # Deadline, order, message, and whether it ends a note that was delivered too early to be retracted.
        self._heap: list[tuple[float, int, bytes, bool]] = []
        self._order = count()
        # The deadline of each note_on that was delivered without its note_off, by what its note_off begins with.
        self._sounding: dict[bytes, float] = {}

    @property
    def next(self) -> float:
        """The first deadline; infinity if there is nothing."""
        return self._heap[0][0] if self._heap else math.inf

    @property
    def first(self) -> Due:
        """The message to be delivered next. There must be one."""
        due, _, data, _ = self._heap[0]
        return due, data

    def put(self, due: float, data: bytes) -> None:
        """Add a message."""
        self._push(due, data)

    def pop(self) -> Due:
        """Remove the first message, because it is delivered."""
        due, _, data, _ = heapq.heappop(self._heap)
        if begins(data):
            self._sounding[_key(data)] = due
        elif ends(data):
            self._sounding.pop(_key(data), None)
        return due, data

    def drop(self) -> None:
        """Remove the first message, because it cannot be delivered."""
        heapq.heappop(self._heap)

    def take(self, moment: float) -> list[Due]:
        """Take all messages whose deadline is `moment` or before."""
        taken: list[Due] = []
        while self._heap and self._heap[0][0] <= moment:
            taken.append(self.pop())
        return taken

    def retract(self, moment: float) -> None:
        """Retract what is due after `moment`, and end then the notes that were delivered though they begin later.

        Ends of notes that began at `moment` or before are forgotten, too: the caller sends them anew.
        """
        self._heap = [each for each in self._heap if each[0] <= moment or each[3]]
        heapq.heapify(self._heap)
        for note, due in self._sounding.items():
            if due > moment:
                self._push(moment, _end(note), owed=True)
                self._sounding[note] = -math.inf  # its end is owed once

    def release(self, moment: float) -> None:
        """End at `moment` all that sounds."""
        for note in self._sounding:
            self._push(moment, _end(note), owed=True)

    def _push(self, due: float, data: bytes, *, owed: bool = False) -> None:
        heapq.heappush(self._heap, (due, next(self._order), data, owed))


class MessageQueue:
    """A heap for several threads, of which one waits and delivers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap = MessageHeap()
        self._closed = False

    def put(self, messages: Iterable[Due]) -> None:
        """Add messages."""
        with self._changed:
            for due, data in messages:
                self._heap.put(due, data)
            self._changed.notify()

    def retract(self, moment: float) -> None:
        """Retract messages, as `MessageHeap.retract` does."""
        with self._changed:
            self._heap.retract(moment)
            self._changed.notify()

    def take(self, ahead: float) -> list[Due]:
        """Take the next chord, all for one moment, `ahead` seconds before it or as soon as it is there.

        Waits for it. After `close` and the last message: the ends of what still sounds, then nothing.
        """
        with self._changed:
            while (left := self._heap.next - ahead - monotonic()) > 0:
                if left < math.inf:
                    self._changed.wait(left)
                elif self._closed:
                    self._heap.release(monotonic())
                    break
                else:
                    self._changed.wait()
            return self._heap.take(self._heap.next)

    def close(self) -> None:
        """Note that no more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify()


def record(due: float, data: bytes) -> bytes:
    """Return a message as it is sent to a child process that plays."""
    return _HEAD.pack(due, len(data)) + data


def read_records(stream: IO[bytes]) -> Iterator[Due]:
    """Yield the messages of a stream of records, as they come, until it ends."""
    while len(head := stream.read(_HEAD.size)) == _HEAD.size:
        due, length = _HEAD.unpack(head)
        yield due, stream.read(length)


def begins(data: bytes) -> bool:
    """Return whether a message is a note_on; with velocity 0, it is a note_off."""
    return len(data) == 3 and data[0] & 0xF0 == _NOTE_ON and data[2] > 0


def ends(data: bytes) -> bool:
    """Return whether a message is a note_off."""
    return len(data) == 3 and (data[0] & 0xF0 == _NOTE_OFF or (data[0] & 0xF0 == _NOTE_ON and data[2] == 0))


def ending(data: bytes) -> bytes:
    """Return the note_off for a note_on."""
    return _end(_key(data))


def _key(data: bytes) -> bytes:
    """Return the channel and number of a note: what its note_off begins with."""
    return bytes((_NOTE_OFF | data[0] & 0x0F, data[1]))


def _end(note: bytes) -> bytes:
    return note + b"\0"
