"""Play through python-rtmidi: CoreMIDI, and ALSA where alsa-midi cannot be had.

Law: a thread of its own sends each message at an absolute deadline, those of one deadline in the order given; nothing
that happens to the destination reaches the player. What comes back is connected again by name, reset, sent all channel
state, and joins on the next bar; a clock's position comes before the clocks.

The threads meet in one place, the heap of what is to be sent (see message_queue.py); the port itself is guarded by a
lock, as `poll` may reopen it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bachd.midi.chase import Chase
from bachd.midi.message_queue import MessageQueue
from bachd.midi.rtmidi.port import RESUME, Connection, System
from bachd.realtime import priority
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage, ordered

if TYPE_CHECKING:
    from bachd.midi.targets import PortTarget

log = logging.getLogger(__name__)

_BAR: Final = b"\x00"
"""Stands between messages where a bar begins."""


class RtMidiOutput:
    """Sends from a thread of its own, with real-time priority where the system allows it."""

    def __init__(
        self,
        system: System,
        destination: str | None,
        clock: Clock,
        lateness: Lateness,
        *,
        any_instrument: bool = False,
    ) -> None:
        """Open a port and start the thread that sends.

        destination: a name from `destinations`; None opens a port for others to connect to.
        any_instrument: whether any other instrument will do where the destination is not there, or not yet.
        clock: the machine's monotonic one, which the thread sleeps by.

        Raises OutputError if the system is not there, or the destination.
        """
        self._system, self._any_instrument = system, any_instrument
        self._chase = Chase()
        self._connection = Connection(system, destination, self._chase, any_instrument=any_instrument)
        self._lateness = lateness
        self._queue = MessageQueue()
        priority.prefer_threads()
        self._thread = threading.Thread(target=self._deliver, name="midi-out", daemon=True)
        self._thread.start()

    @property
    def description(self) -> str:
        """The destination, or our own port."""
        return self._connection.description

    def plays(self, target: PortTarget) -> bool:
        """Return whether this is what would be opened for a target."""
        if target.system != self._system or target.any_instrument != self._any_instrument:
            return False
        return self._any_instrument or target.destination == self._connection.destination

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Hand messages to the thread."""
        records = [
            (timed.due, bytes(timed.message.bytes())) for timed in ordered(messages) if not timed.message.is_meta
        ]
        for due, data in records:
            self._chase.see(due, data)
        self._queue.put(records)

    def retract(self, moment: float) -> None:
        """Take messages from the thread's hands."""
        self._chase.retract()
        self._queue.retract(moment)

    def bar(self, due: float) -> None:
        """Pass to the thread when a returning destination may join, and the position of the clock then."""
        self._queue.put([(due, _BAR)])
        resume = self._chase.resume()
        if resume is not None and not resume.fresh:
            self._queue.put([(resume.due, RESUME + b"".join(resume.messages))])

    def poll(self) -> Sequence[str]:
        """Look after the connection."""
        return self._connection.tend()

    def close(self) -> None:
        """Wait until the thread has sent all, then close the port."""
        self._queue.close()
        self._thread.join()
        self._connection.close()

    def _deliver(self) -> None:
        if not priority.take():
            log.info("no real-time priority here, so notes may be late while the machine is busy: see 'bachd doctor'")
        priority.lock_memory()
        while chord := self._queue.take(priority.HELD):
            due = chord[0][0]
            messages = [data for _, data in chord if data is not _BAR]
            if len(messages) < len(chord):
                self._connection.join()
            late = self._connection.send(due, messages)
            for data in messages:
                if data[:1] != RESUME:
                    self._lateness.record(late)
