"""Read the clock of a queue of ALSA's sequencer, and convert its timestamps to monotonic time.

Law: it is held against the system's clock whenever a date is asked for, as it jumps ahead where the kernel's timer is
late; and with a look at that clock before and after, as this thread may be held up in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

_GLANCE: Final = 0.0005
"""Seconds that a look at both clocks should take at most; after a delay between them it looks again."""
_LOOKS: Final = 4


class QueueClock:
    """A queue's clock. It belongs to one thread at a time."""

    def __init__(self, client: Any, queue: Any) -> None:
        """client, queue: alsa-midi's, both open as long as this is used."""
        from alsa_midi._ffi import alsa, ffi

        self._alsa, self._client, self._queue = alsa, client, queue
        box = ffi.new("snd_seq_queue_status_t **")
        alsa.snd_seq_queue_status_malloc(box)
        self._status = ffi.gc(box[0], alsa.snd_seq_queue_status_free)

    def now(self) -> float:
        """Its time in seconds. It is not to be trusted for long: whenever the kernel's timer is late, it jumps."""
        self._alsa.snd_seq_get_queue_status(self._client.handle, self._queue.queue_id, self._status)
        time = self._alsa.snd_seq_queue_status_get_real_time(self._status)
        return float(time.tv_sec + 1e-9 * time.tv_nsec)

    def ahead(self) -> float:
        """Return by how many seconds it is ahead of the monotonic clock: to be subtracted from its timestamps."""
        return compared(self.now, monotonic)


def compared(queue: Callable[[], float], clock: Callable[[], float]) -> float:
    """Return by how many seconds the one is ahead of the other: by the quickest of a few looks at both."""
    quickest, found = math.inf, 0.0
    for _ in range(_LOOKS):
        before = clock()
        there = queue()
        after = clock()
        if after - before < quickest:
            quickest, found = after - before, there - (before + after) / 2
        if quickest <= _GLANCE:
            break
    return found
