"""Sends through JACK what it is told: a message a line, as hexadecimal digits. Ends when its input ends.

Usage: python jack_master.py NAME [DESTINATION]     DESTINATION: a port to connect to at once
"""

from __future__ import annotations

import sys
import time
from collections import deque

import jack

CYCLES = 10
"""After which a connection that was asked for is made."""


def main(name: str, destination: str) -> None:
    """Send until the end of the input."""
    sys.setswitchinterval(0.0001)  # JACK waits for the callback
    client = jack.Client(name, no_start_server=True)
    port = client.midi_outports.register("out")
    told: deque[bytes] = deque()
    cycles = 0

    def process(_: int) -> None:
        nonlocal cycles
        cycles += 1
        port.clear_buffer()
        for _ in range(min(8, len(told))):
            port.write_midi_event(0, told.popleft())

    client.set_process_callback(process)
    with client:
        if destination:
            client.connect(port, destination)
            end = time.monotonic() + 5.0
            made = cycles + CYCLES
            while cycles < made and time.monotonic() < end:
                time.sleep(0.001)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for line in sys.stdin:
            told.append(bytes.fromhex(line))
        while told:
            pass


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
