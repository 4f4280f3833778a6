"""A sequencer of a few lines, which stands for the kernel's: that is tried in a virtual machine."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Semaphore

from bachd.midi.alsa.event_records import SUBSCRIBERS, Address
from bachd.midi.alsa.sequencer import SequencerPort

THROUGH = SequencerPort((14, 0), "Midi Through Port-0", hardware=False)
PIANO = SequencerPort((20, 0), "FP-30X MIDI 1", hardware=True)
SYNTH = SequencerPort((24, 0), "SH-01A MIDI 1", hardware=True)


class SteppedClock:
    """Shows a time until it is set; each look at it may take some."""

    def __init__(self) -> None:
        self.time = 100.0
        self.look = 0.0

    def now(self) -> float:
        self.time += self.look
        return self.time

    async def sleep_until(self, moment: float) -> None:
        raise AssertionError("an output does not wait")


class SmallSequencer:
    """Ports come and go; a subscription goes with its port. Its clock started 30 seconds after the other."""

    def __init__(self, clock: SteppedClock, *ports: SequencerPort) -> None:
        self._clock = clock
        self._news: SimpleQueue[set[int] | None] = SimpleQueue()
        self.ahead = -30.0
        self.here = list(ports)
        self.refusing: set[Address] = set()
        self.listening: set[Address] = set()
        self.queued: list[tuple[float, bytes]] = []
        self.sent: list[tuple[Address, int]] = []
        """For each call of `send_now`, the port and the number of messages."""
        self.heard: list[tuple[Address, bytes]] = []
        """All that was sent at once."""
        self.directed: list[tuple[Address, float, bytes]] = []
        """What was queued for one port, with its queue time."""
        self.joined = Semaphore(0)
        """Counts subscriptions."""
        self.closed = False
        self.stale = False
        """Whether ports have changed without news."""

    def now(self) -> float:
        return self._clock.time + self.ahead

    def ports(self) -> list[SequencerPort]:
        return list(self.here)

    def is_stale(self) -> bool:
        return self.stale

    def subscribed(self) -> set[Address]:
        return set(self.listening)

    def subscribe(self, address: Address) -> bool:
        if address in self.refusing:
            return False
        self.listening.add(address)
        self.joined.release()
        return True

    def unsubscribe(self, address: Address) -> None:
        self.listening.discard(address)

    def schedule(self, messages: Sequence[tuple[float, bytes]], to: Address = SUBSCRIBERS) -> None:
        if to == SUBSCRIBERS:
            self.queued += messages
        else:
            self.directed += [(to, moment, data) for moment, data in messages]

    def remove(self, moment: float) -> None:
        self.queued = [each for each in self.queued if each[0] < moment]

    def send_now(self, address: Address, messages: Sequence[bytes]) -> bool:
        self.sent.append((address, len(messages)))
        self.heard += [(address, data) for data in messages]
        return address not in self.refusing

    def wait(self, seconds: float | None) -> set[int] | None:
        try:
            return self._news.get(timeout=seconds)
        except Empty:
            return None

    def wake(self) -> None:
        self._news.put(None)

    def close(self) -> None:
        self.closed = True

    def plug(self, port: SequencerPort) -> None:
        self.here.append(port)
        self._news.put(set())

    def unplug(self, port: SequencerPort) -> None:
        self.here.remove(port)
        self.listening.discard(port.address)
        self._news.put({port.address[0]})
