"""Write down what comes in through JACK: a moment of the monotonic clock and a message in hexadecimal digits a line.

It has the port listener:in until it is ended, and knows nothing of bachd.
"""

from __future__ import annotations

import queue
import sys
import time

import jack

client = jack.Client("listener", no_start_server=True)
port = client.midi_inports.register("in")
received: queue.SimpleQueue[str] = queue.SimpleQueue()


def _process(_: int) -> None:
    for _offset, data in port.incoming_midi_events():
        received.put(f"{time.monotonic()} {bytes(data).hex()}\n")


client.set_process_callback(_process)
with client:
    while True:
        sys.stdout.write(received.get())
        sys.stdout.flush()
