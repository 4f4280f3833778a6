"""Print what is received through JACK: a port and a message a line, as hexadecimal digits.

Usage: python listener.py PORT ...     It ends when its stdin ends, and knows nothing of bachd.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from contextlib import suppress

import jack


def main(names: list[str]) -> None:
    """Listen until stdin ends."""
    sys.setswitchinterval(0.0001)  # JACK waits for the callback
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    client = jack.Client("listener", no_start_server=True)
    ports = [client.midi_inports.register(name) for name in names]
    received: deque[str] = deque()

    def process(_: int) -> None:
        for port in ports:
            for _offset, data in port.incoming_midi_events():
                received.append(f"{port.shortname} {bytes(data).hex()}")

    client.set_process_callback(process)
    with client:
        sys.stdin.read()
    sys.stdout.write("".join(f"{line}\n" for line in received))


main(sys.argv[1:])
