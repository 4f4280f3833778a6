"""Writes down what it hears through JACK: one message a line, as hexadecimal digits. Ends when its input ends.

Usage: python jack_synth.py NAME [SOURCE]     SOURCE: a port to connect to at once, such as bachd:bachd

It knows nothing of bachd and shares no code with it, not even the JACK library.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from contextlib import suppress

import jack

CYCLES = 10
"""After which a connection that was asked for is made."""


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def open_client(name: str) -> jack.Client:
    """A server on a busy machine may not have time for it at first."""
    for _ in range(5):
        with suppress(jack.JackOpenError):
            return jack.Client(name, no_start_server=True)
        time.sleep(0.5)
    raise SystemExit("no JACK server")


def main(name: str, source: str) -> None:
    """Listen until the end of the input."""
    sys.setswitchinterval(0.0001)  # JACK waits for the callback: the threads here must not hold it up
    with suppress(OSError):  # this one least of all, by having to wait for its turn while it has Python's lock
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    client = open_client(name)
    port = client.midi_inports.register("in")
    heard: deque[bytes] = deque()
    something = threading.Event()
    ending = threading.Event()
    cycles = 0

    def process(_: int) -> None:
        nonlocal cycles
        cycles += 1
        for _offset, data in port.incoming_midi_events():
            heard.append(bytes(data))
            something.set()

    def listen() -> None:
        sys.stdin.read()
        ending.set()
        something.set()

    client.set_process_callback(process)
    with client:
        if source:
            client.connect(source, port)
            end = time.monotonic() + 5.0
            made = cycles + CYCLES
            while cycles < made and time.monotonic() < end:
                time.sleep(0.001)
        say("ready")
        threading.Thread(target=listen, daemon=True).start()
        while True:
            something.wait()
            something.clear()
            while heard:
                say(heard.popleft().hex())
            if ending.is_set():
                break


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
