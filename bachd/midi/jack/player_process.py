"""Play through JACK: hold the messages that were handed over, and place each in JACK's cycles, to the frame.

Law: JACK's thread never waits for anything here. It shares this process with one thread that sleeps but for the moments
at which something is handed over, and one that sees to the connections; nothing is collected, and nothing else is
computed. Every note_on that was delivered is ended, however this process comes to its end, unless it is killed.

`python -m bachd.midi.jack.player_process NAME [any] [DESTINATION ...]` opens the client NAME and connects its port to
each destination whenever that is there; with 'any', to an instrument while there is no connection. It writes to stdout:

    + PORT, x PORT, - PORT   connected to PORT; the cable to PORT was pulled; PORT is gone
    ready PORT               the full name of its own port, once the destinations that are there are connected
    ! REASON                 why it cannot play

On stdin it takes records of message_queue.py: messages, and with no bytes the moment after which all is retracted. When
stdin ends, as it does when bachd is killed, it plays what it holds, ends what sounds, and exits.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Final

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.jack.cables import Cables
from bachd.midi.jack.libjack import Client, Process
from bachd.midi.message_queue import Due, MessageHeap, begins, read_records
from bachd.realtime import priority

ANY: Final = "any"
"""Stands for any instrument; a port's full name has a colon in it."""
_MOST: Final = 128
"""Messages that are read and sent in one cycle; with more it would be late, and JACK leaves out who is late."""
_SWITCH: Final = 0.0001
"""Seconds for which JACK's thread may have to wait for another one's Python code; they never have that much to do."""
_STALE: Final = 2.0
"""Seconds after its deadline at which a note no longer begins: JACK stood still, and music is not made up for."""
_STANDSTILL: Final = 1.0
"""Seconds without a cycle after which JACK is taken to stand still; its longest usual cycle is a fifth of that."""
_GLANCE: Final = 0.005
"""Seconds between two looks at what JACK's thread, which must not wake anybody, has done."""
_PASSED_ON: Final = 3
"""Cycles until JACK has passed on what was sent: it forgets the rest with the port."""


class Player:
    """Plays what it is given at its deadline. JACK calls `cycle`."""

    def __init__(self, client: Client) -> None:
        self._client, self._jack = client, client.jack
        self.port = client.register("bachd", output=True)
        """JACK's handle of the port that plays."""
        self.side_port = client.register("reset", output=True)
        """And of the port through which a single destination is reset."""
        self.name = client.port_name(self.port)
        """The port's full name."""
        self.inbox: deque[Due] = deque()
        """What was handed over and not read; no bytes stand for what is to be retracted."""
        self.cycles = 0
        """How many cycles there have been."""
        self._heap = MessageHeap()
        self._idle = False  # whether nothing is to come
        self._releases = False
        self._aside: deque[bytes] = deque()

    def cycle(self, frames: int, _: object) -> int:
        """Send what is due before the next cycle, each message at its frame."""
        buffer = ctypes.c_void_p(self._jack.jack_port_get_buffer(self.port, frames))
        self._jack.jack_midi_clear_buffer(buffer)
        self._send_aside(ctypes.c_void_p(self._jack.jack_port_get_buffer(self.side_port, frames)))
        heap, inbox = self._heap, self.inbox
        for _ in range(min(len(inbox), _MOST)):
            due, data = inbox.popleft()
            if data:
                heap.put(due, data)
            else:
                heap.retract(due)
        if self._releases and not inbox and heap.next == math.inf:
            heap.release(0.0)
            self._releases = False
        if heap.next < math.inf:
            self._send(buffer, frames)
        self._idle = not inbox and heap.next == math.inf
        self.cycles += 1
        return 0

    def _send(self, buffer: Any, frames: int) -> None:
        heap = self._heap
        begin, end = self._client.cycle_times()
        length = (end - begin) / frames
        last = end - length / 2  # what is nearer to the next cycle's first frame is left to that cycle
        for number in range(_MOST):
            if heap.next > last:
                break
            due, data = heap.first
            if due < begin - _STALE and begins(data):
                heap.drop()
                continue
            frame = min(frames - 1, max(0, round((due - begin) / length)))
            if not self._jack.jack_midi_event_write(buffer, frame, data, len(data)):
                heap.pop()
            elif number == 0:  # more than an empty buffer holds
                heap.drop()
            else:  # the rest is sent in the next cycle
                break

    def _send_aside(self, buffer: Any) -> None:
        self._jack.jack_midi_clear_buffer(buffer)
        while self._aside and not self._jack.jack_midi_event_write(buffer, 0, self._aside[0], len(self._aside[0])):
            self._aside.popleft()

    def play_aside(self, messages: Sequence[bytes]) -> bool:
        """Send messages through the side port, and wait until they are passed on; False if JACK stands still.

        A connection that was just made counts from the next cycle on, or a later one if the server is late.
        """
        if not self.pass_on():
            return False
        self._aside.extend(messages)
        return self._wait(lambda: not self._aside) and self.pass_on()

    def finish(self) -> None:
        """Wait until all has been played, end what still sounds, and wait until JACK has passed it on."""
        if self._wait(lambda: self._idle):
            self._releases = True
            if self._wait(lambda: not self._releases and self._idle):
                self.pass_on()

    def pass_on(self) -> bool:
        """Wait until JACK has passed on what was sent, and applied what was connected; False if it stands still."""
        until = self.cycles + _PASSED_ON
        return self._wait(lambda: self.cycles >= until)

    def _wait(self, done: Callable[[], bool]) -> bool:
        """Wait until JACK's thread has done something in its next cycles; False if there are no more cycles."""
        seen, moved = self.cycles, monotonic()
        begun = seen
        while self.cycles == begun or not done():
            if self._client.died.wait(_GLANCE):
                return False
            if self.cycles != seen:
                seen, moved = self.cycles, monotonic()
            elif monotonic() - moved > _STANDSTILL:
                return False
        return True


def _write_line(*words: str) -> None:
    sys.stdout.write(f"{' '.join(words)}\n")
    sys.stdout.flush()


def _look_after(cables: Cables, died: threading.Event) -> None:
    """See to the connections for as long as there is a server, and end this process with it."""
    priority.come_first()
    while not died.is_set():
        for change in cables.look():
            _write_line(*change)
        cables.wait()
    os._exit(0)


def main(name: str, destinations: Sequence[str]) -> None:
    """Play until stdin ends."""
    child_process.ignore_signals()
    gc.disable()
    sys.setswitchinterval(_SWITCH)
    try:
        client = Client(name)
    except OutputError as fault:
        _write_line("!", str(fault))
        return
    player = Player(client)
    wanted = [destination for destination in destinations if destination != ANY]
    any_instrument = len(wanted) < len(destinations)
    cables = Cables(client, player, wanted, any_instrument)
    client.start(Process(player.cycle))
    for change in cables.look():
        _write_line(*change)
    threading.Thread(target=_look_after, args=(cables, client.died), daemon=True).start()
    priority.take()
    priority.lock_memory()
    _write_line("ready", player.name)
    for each in read_records(sys.stdin.buffer):
        player.inbox.append(each)
    player.finish()
    client.close()
    os._exit(0)  # a thread may still wait for the server


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
