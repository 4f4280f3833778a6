"""Log when each note arrives, in a process of its own.

Law: it shares nothing with what it listens to but the system in between: no thread, nor Python's lock. What it heard it
dates by the system's own stamp, so that it may be late itself.

`python -m bachd.service.timing.listener alsa|jack` makes a port and writes where it is in a line, or why not after a
'!'. When its stdin ends, it writes all it received as a JSON list: pairs of monotonic seconds and the message in
hexadecimal digits.

JACK's time is that of its frames, in which soft synths render; ALSA's that at which the kernel delivered.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from bachd.errors import OutputError
from bachd.midi.alsa import event_records
from bachd.midi.jack.libjack import Client, Event, Process
from bachd.realtime import priority

NAME: Final = "bachd-ear"
_NOTES: Final = (0x80, 0x90)
_ROOM: Final = 200
"""Messages that the kernel keeps for the listener."""

Heard: TypeAlias = list[tuple[float, str]]


def _jack(heard: Heard, ready: Callable[[str], None]) -> None:
    """Receive through JACK, whose own thread calls `cycle`."""
    client = Client(NAME)
    jack = client.jack
    port = client.register("in", output=False)
    event = Event()

    def cycle(frames: int, _: object) -> int:
        buffer = ctypes.c_void_p(jack.jack_port_get_buffer(port, frames))
        if count := jack.jack_midi_get_event_count(buffer):
            begin, end = client.cycle_times()
            for number in range(count):
                jack.jack_midi_event_get(ctypes.byref(event), buffer, number)
                data = bytes(event.data[: event.size])
                if data[0] & 0xF0 in _NOTES:  # not a reset
                    heard.append((begin + event.frame * (end - begin) / frames, data.hex()))
        return 0

    client.start(Process(cycle))
    ready(client.port_name(port))
    sys.stdin.read()
    client.close()


def _alsa(heard: Heard, ready: Callable[[str], None]) -> None:
    """Listen through the sequencer. The kernel stamps what it delivers with the time of a queue of ours."""
    import alsa_midi

    from bachd.midi.alsa.queue_clock import QueueClock

    client = alsa_midi.SequencerClient(NAME)
    queue = client.create_queue(NAME)
    port = client.create_port(
        NAME, caps=alsa_midi.WRITE_PORT, timestamping=True, timestamp_real=True, timestamp_queue=queue
    )
    queue.start()
    client.drain_output()
    clock = QueueClock(client, queue)
    priority.take()
    ready(f"{client.client_id}:{port.port_id}")
    poll = select.poll()
    poll.register(0, select.POLLIN)
    poll.register(client._fd, select.POLLIN)
    while True:
        ended = any(descriptor == 0 for descriptor, _ in poll.poll())
        ahead = clock.ahead()
        with suppress(BlockingIOError):
            while True:
                records = os.read(client._fd, _ROOM * event_records.SIZE)
                heard.extend((stamp - ahead, data.hex()) for stamp, data in event_records.notes(records))
        if ended and not os.read(0, 1):
            break
    client.close()


def main(arguments: Sequence[str]) -> None:
    """Listen until stdin ends."""
    gc.disable()
    heard: Heard = []

    def ready(where: str) -> None:
        sys.stdout.write(f"{where}\n")
        sys.stdout.flush()

    systems: dict[str, Callable[[Heard, Callable[[str], None]], Any]] = {"alsa": _alsa, "jack": _jack}
    try:
        systems[arguments[0]](heard, ready)
    except OutputError as fault:
        ready(f"!{fault}")
    else:
        sys.stdout.write(json.dumps(heard))


if __name__ == "__main__":
    main(sys.argv[1:])
