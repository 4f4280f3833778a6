"""Choose how finely the timer of a queue of ALSA's sequencer ticks.

Law: a timer that refuses leaves the queue as the kernel made it: it ticks each millisecond then.
"""

from __future__ import annotations

from typing import Any, Final

HZ: Final = 4000
"""How often a second the timer ticks. The kernel's own value is 1000; its most, 6250, did no better here."""


def tick_finely(library: Any, client: Any, queue: int, timer: Any) -> None:
    """Let a queue tick HZ times a second.

    library: alsa-lib. client: a snd_seq_t. queue: its number. timer: an empty snd_seq_queue_timer_t.
    """
    if library.snd_seq_get_queue_timer(client, queue, timer) == 0:
        library.snd_seq_queue_timer_set_resolution(timer, HZ)
        library.snd_seq_set_queue_timer(client, queue, timer)
