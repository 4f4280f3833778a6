"""Receive a MIDI clock, or notes and controllers, in JACK's cycles, in a process of its own.

Law: JACK's thread waits for nothing but this process's own few lines, and each message is dated to the frame. Whatever
is sent to the port, only well-formed messages of the kinds wanted are passed on, and never more than can be read.

`python -m bachd.midi.jack.input_process PURPOSE [PART...]` makes a port for a purpose (see midi/input/purpose.py) and
connects to it whatever holds one of the PARTs in its name; without any, notes come from all hardware. It writes
'ready' or, after a '!', why not; then a line for each message, with monotonic seconds and hexadecimal digits, without
digits when one of those connected is no more; and one after a '+' or a '-' for each port that it has connected or lost.
It ends when its stdin ends, or when JACK dies.
"""

from __future__ import annotations

import ctypes
import gc
import os
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.input.parse import StreamParser
from bachd.midi.input.purpose import FOLLOWING, PURPOSES, Purpose
from bachd.midi.jack.libjack import Client, Event, Process
from bachd.midi.port_names import OURS, matching
from bachd.realtime import priority

_SYSTEM: Final = 0xF0
_SONG_POSITION: Final = re.compile(rb"\xf2[\0-\x7f]{2}")
_REAL_TIME: Final = re.compile(rb"[\xf8\xfa\xfb\xfc]")
"""Clock, start, continue and stop. They may stand between the bytes of any other message (MIDI 1.0, page 30)."""
_LOOKING: Final = 0.5
"""Seconds between two looks at the ports."""
_MOST: Final = 4096
"""Messages that wait to be written; a flood pushes out the oldest."""


def messages(data: bytes) -> Iterator[bytes]:
    """Yield the messages of a clock in what came as one message, whatever that is."""
    if _SONG_POSITION.fullmatch(data):
        yield data
    else:
        yield from _REAL_TIME.findall(data)


def main(purpose: Purpose, parts: Sequence[str]) -> None:
    """Listen until there is an end."""
    child_process.ignore_signals()
    gc.disable()
    sys.setswitchinterval(0.0001)  # JACK waits for `cycle`
    try:
        client = Client(purpose.port)
    except OutputError as fault:
        _write_line(f"!{fault}")
        return
    jack, port, event = client.jack, client.register("in", output=False), Event()
    received: deque[tuple[float, bytes]] = deque(maxlen=_MOST)
    something, ending = threading.Semaphore(0), threading.Event()
    least = _SYSTEM if purpose is FOLLOWING else 0
    connected = 0

    def cycle(frames: int, _: object) -> int:
        nonlocal connected
        buffer = ctypes.c_void_p(jack.jack_port_get_buffer(port, frames))
        if count := jack.jack_midi_get_event_count(buffer):
            begin, end = client.cycle_times()
            for number in range(count):
                failed = jack.jack_midi_event_get(ctypes.byref(event), buffer, number)
                if not failed and event.size and event.data[0] >= least:
                    moment = begin + event.frame * (end - begin) / frames
                    received.append((moment, ctypes.string_at(event.data, event.size)))
                    something.release()
        before, connected = connected, jack.jack_port_connected(port)
        if connected < before and purpose.holds:
            received.append((time.monotonic(), b""))
            something.release()
        return 0

    def wait_for_end() -> None:
        sys.stdin.read()
        ending.set()
        something.release()

    back: set[str] = set()  # ports that have come since the last look, perhaps as quickly as they had gone
    client.on_change(lambda *_: None, back.add)
    client.start(Process(cycle))
    priority.take()
    _write_line("ready")
    threading.Thread(target=wait_for_end, daemon=True).start()
    parser = StreamParser()
    there: set[str] = set()
    look = time.monotonic()
    while not (ending.is_set() or client.died.is_set()):
        if (now := time.monotonic()) >= look:  # also while a clock keeps coming
            look = now + _LOOKING
            while back:
                there.discard(back.pop())
            there = _connect(client, client.port_name(port), _wanted(client, purpose, parts), there)
        if something.acquire(timeout=max(0.0, look - now)) and received:
            moment, data = received.popleft()
            found = messages(data) if purpose is FOLLOWING else filter(purpose.takes, parser.feed(data))
            for message in found if data else (b"",):
                _write_line(f"{moment:.6f} {message.hex()}")
    client.close()
    os._exit(0)  # the library was seen to wait for ever


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _wanted(client: Client, purpose: Purpose, parts: Sequence[str]) -> set[str]:
    """Return the ports to be connected to ours."""
    if not parts and purpose is FOLLOWING:
        return set()
    names = [name for name in client.ports(output=True, hardware=not parts) if not name.startswith(OURS)]
    return {name for part in parts or ("",) for name in matching(names, part)}


def _connect(client: Client, ours: str, wanted: set[str], there: set[str]) -> set[str]:
    """Connect to whatever has come; returns the ports that are connected now."""
    for name in there - wanted:
        _write_line(f"-{name}")
    found = there & wanted
    for name in wanted - there:
        if client.connect(name, ours):
            _write_line(f"+{name}")
            found.add(name)
    return found


if __name__ == "__main__":
    main(PURPOSES[sys.argv[1]], sys.argv[2:])
