"""The process that plays through JACK: it holds what is to be sent, and places it in JACK's cycles to the frame.

Law: JACK's thread never waits for anything here. It shares this process with one other thread, which sleeps but for the
moments at which something is handed over; nothing is collected, and nothing else is computed.

`python -m bachd.midi.jack.player_process NAME` opens the client and says its port's name in a line, or why it cannot
be had after a '!'. On stdin it takes records: a deadline in monotonic seconds, a length and so many bytes of MIDI; with
no bytes, what is due after the deadline is forgotten. When stdin ends, perhaps because bachd was killed, it plays what
it holds, ends what still sounds, and is gone.
"""

from __future__ import annotations

import ctypes
import gc
import math
import struct
import sys
import threading
from collections import deque
from typing import Final

from bachd.errors import OutputError
from bachd.midi.jack.libjack import Client, Process
from bachd.midi.message_queue import Due, Heap, begins, ending
from bachd.realtime import priority

HEAD: Final = struct.Struct("<dH")
"""A record's deadline and the number of bytes that follow it."""
_CYCLES: Final = 0.1
"""Seconds in which JACK passes on what it holds, two of its longest usual cycles: it forgets the rest with the port."""
_MOST: Final = 128
"""Messages that are looked at and sent in one cycle; with more it would be late, and JACK leaves out who is late."""
_SWITCH: Final = 0.0001
"""Seconds for which JACK's thread may have to wait for the other one's Python code; it never has that much to do."""


class Player:
    """Plays what it is given at its deadline. JACK calls `cycle`."""

    def __init__(self, client: Client) -> None:
        self._client, self._jack = client, client.jack
        self._port = client.register("bachd", output=True)
        self.name = client.port_name(self._port)
        """The port's full name."""
        self.inbox: deque[Due] = deque()
        """What was handed over and not looked at; no bytes stand for what is to be forgotten."""
        self.idle = threading.Event()
        """Set while nothing is to come."""
        self._heap = Heap()
        self._sounding: dict[bytes, bytes] = {}  # channel and number of a note -> what ends it

    def cycle(self, frames: int, _: object) -> int:
        """Send what is due before the next cycle, each message at its frame."""
        buffer = ctypes.c_void_p(self._jack.jack_port_get_buffer(self._port, frames))
        self._jack.jack_midi_clear_buffer(buffer)
        heap, inbox = self._heap, self.inbox
        for _ in range(min(len(inbox), _MOST)):
            due, data = inbox.popleft()
            if data:
                heap.put(due, data)
            else:
                heap.retract(due)
        if heap.next < math.inf:
            begin, end = self._client.cycle_times()
            length = (end - begin) / frames
            taken = heap.take(end - length / 2, _MOST)  # what is nearer to the next cycle's first frame is its affair
            for number, (due, data) in enumerate(taken):
                frame = min(frames - 1, max(0, round((due - begin) / length)))
                if self._jack.jack_midi_event_write(buffer, frame, data, len(data)):
                    for later in taken[number:]:  # more than the buffer holds: in the next cycle
                        heap.put(*later)
                    break
                if begins(data):
                    self._sounding[ending(data)[:2]] = ending(data)
                elif self._sounding:
                    self._sounding.pop(data[:2], None)
        elif not self.idle.is_set():
            self.idle.set()
        return 0

    def finish(self, died: threading.Event) -> None:
        """Wait until all has been played, and end what still sounds. `died`: whether nothing plays any more."""
        for at_last in (False, True):
            if at_last:
                self.inbox.extend((0.0, data) for data in list(self._sounding.values()))
            self.idle.clear()
            while not self.idle.wait(_CYCLES) and not died.is_set():
                pass


def main(name: str) -> None:
    """Play until stdin ends."""
    gc.disable()
    sys.setswitchinterval(_SWITCH)
    try:
        client = Client(name)
    except OutputError as fault:
        sys.stdout.write(f"!{fault}\n")
        return
    player = Player(client)
    callback = Process(player.cycle)
    client.start(callback)
    priority.take()
    priority.lock_memory()
    sys.stdout.write(f"{player.name}\n")
    sys.stdout.flush()
    stdin = sys.stdin.buffer
    while len(head := stdin.read(HEAD.size)) == HEAD.size:
        due, length = HEAD.unpack(head)
        player.inbox.append((due, stdin.read(length)))
    player.finish(client.died)
    client.died.wait(_CYCLES)
    client.close()


if __name__ == "__main__":
    main(sys.argv[1])
