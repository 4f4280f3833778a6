"""A listener for a MIDI clock in JACK's cycles, in a process of its own.

Law: JACK's thread waits for nothing but this process's own few lines, and each message is dated to the frame.

`python -m bachd.midi.jack.clock_process [PART]` makes a port and connects to it whatever holds PART in its name. It
says 'ready' or, after a '!', why not; then a line for each message, with monotonic seconds and hexadecimal digits, and
one after a '+' or a '-' for each port that it hears or does not hear any more. It ends with its
stdin, or when JACK dies.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from collections import deque
from typing import Final

from bachd.errors import OutputError
from bachd.midi.jack.libjack import Client, Event, Process
from bachd.midi.port_names import CLOCK, OURS, matching
from bachd.realtime import priority

_SYSTEM: Final = 0xF0
_LOOKING: Final = 0.5
"""Seconds between two looks at who is there."""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(part: str | None) -> None:
    """Listen until there is an end."""
    gc.disable()
    sys.setswitchinterval(0.0001)  # JACK waits for `cycle`
    try:
        client = Client(CLOCK)
    except OutputError as fault:
        _say(f"!{fault}")
        return
    jack, port, event = client.jack, client.register("in", output=False), Event()
    heard: deque[tuple[float, bytes]] = deque()
    something, ending = threading.Semaphore(0), threading.Event()

    def cycle(frames: int, _: object) -> int:
        buffer = ctypes.c_void_p(jack.jack_port_get_buffer(port, frames))
        if count := jack.jack_midi_get_event_count(buffer):
            begin, end = client.cycle_times()
            for number in range(count):
                jack.jack_midi_event_get(ctypes.byref(event), buffer, number)
                if event.data[0] >= _SYSTEM:
                    moment = begin + event.frame * (end - begin) / frames
                    heard.append((moment, bytes(event.data[: event.size])))
                    something.release()
        return 0

    def until_told() -> None:
        sys.stdin.read()
        ending.set()
        something.release()

    client.start(Process(cycle))
    priority.take()
    _say("ready")
    threading.Thread(target=until_told, daemon=True).start()
    there: set[str] = set()
    look = time.monotonic()
    while not (ending.is_set() or client.died.is_set()):
        if (now := time.monotonic()) >= look:  # also while a clock keeps coming
            look = now + _LOOKING
            if part is not None:
                there = _connect(client, client.port_name(port), part, there)
        if something.acquire(timeout=look - now) and heard:
            moment, data = heard.popleft()
            _say(f"{moment:.6f} {data.hex()}")
    client.close()


def _connect(client: Client, ours: str, part: str, there: set[str]) -> set[str]:
    """Hear whoever has come; returns who is there now."""
    names = [name for name in client.ports(output=True) if not name.startswith(OURS)]
    found = set(matching(names, part))
    for name in there - found:
        _say(f"-{name}")
    for name in found - there:
        if client.connect(name, ours):
            _say(f"+{name}")
        else:
            found.remove(name)
    return found


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
