"""Playing through the ALSA sequencer: one port named 'bachd', to which the synths are subscribed.

Law: the kernel delivers each message at its deadline, whatever Python is doing then. What happens to the synths is
announced by the kernel and seen to by a thread of its own; the music never waits for it.

The port is a virtual port and a hardware output at once: `aconnect` or a DAW can wire it like any other instrument.
Lateness here is how long after its deadline a message was handed to the kernel: 0 unless the whole process was late.
The kernel's own timer ticks each millisecond.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Sequence
from typing import Final

from bachd.errors import OutputError
from bachd.midi.sequencer import Address, Sequencer
from bachd.midi.synths import Synths
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage

_GLANCE: Final = 0.002
"""Seconds that reading both clocks may take; if this thread is held up in between, their difference means nothing."""
_SETTLING: Final = 0.05
"""Seconds after an announcement until a second look: a port's name can arrive later than the port."""


class AlsaOutput:
    """Plays to everything that is subscribed to our port, and sees to it that the synths asked for are."""

    def __init__(
        self,
        sequencer: Sequencer,
        wanted: Sequence[str | None],
        clock: Clock,
        lateness: Lateness,
        *,
        awaiting: bool = False,
        sounding: Collection[Address] = (),
    ) -> None:
        """Subscribe the synths.

        sequencer: open; it is closed with the output.
        wanted: the names of ports, or None for the first instrument that is there or will be.
        clock: the one that deadlines are counted in.
        awaiting: whether a port that was named may be missing, and is waited for.
        sounding: ports that are being played to and must not be reset.

        Raises OutputError if a port that was named cannot be subscribed.
        """
        self.wanted = tuple(wanted)
        """As it was asked for."""
        self._sequencer = sequencer
        self._clock = clock
        self._lateness = lateness
        self._shift = sequencer.now() - clock.now()  # seconds from the clock's time to the queue's
        self._last = 0.0  # queue time of the last message
        self._last_due = -math.inf  # the same in the clock's time
        self._synths = Synths(sequencer, wanted, sounding)
        if not awaiting and (missing := self._synths.missing):
            raise OutputError(f"{missing}: cannot be subscribed; does another program use it alone?")
        self._closing = False
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._watch, name="announcements", daemon=True)
        self._thread.start()

    @property
    def sounding(self) -> set[Address]:
        """The ports that are played to."""
        return self._synths.playing

    @property
    def description(self) -> str:
        """The synths by name, or what is being waited for."""
        return self._synths.description

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Put messages into the kernel's queue."""
        self._compare_clocks()
        now = self._clock.now()
        queued = []
        for timed in messages:
            if not timed.message.is_meta:
                self._last = max(self._last, timed.due + self._shift)
                self._last_due = timed.due
                queued.append((self._last, bytes(timed.message.bytes())))
                self._lateness.record(now - timed.due)
        self._sequencer.schedule(queued)

    def bar(self, due: float) -> None:
        """Let those who wait for it join in just before."""
        self._synths.bar(max(self._clock.now(), self._last_due), due)
        if self._synths.waiting:
            self._sequencer.wake()

    def poll(self) -> Sequence[str]:
        """Nothing to do, as all is announced. Raises what has ended the thread that listens, which only a bug can."""
        if self._fault is not None:
            raise self._fault
        return ()

    def close(self) -> None:
        """Wait until the last message has been played, then take the port away."""
        self._closing = True
        self._sequencer.wake()
        self._thread.join()
        self._sequencer.close()

    def _watch(self) -> None:
        try:
            self._listen()
        except BaseException as fault:  # noqa: BLE001  (`poll` raises it where somebody listens)
            self._fault = fault

    def _listen(self) -> None:
        """Look whenever something is announced, and once more when it has settled; let synths join in time."""
        settled = math.inf
        while not self._closing:
            pause = min(settled, self._synths.joining) - self._clock.now()
            vanished = self._sequencer.wait(None if pause == math.inf else max(0.0, pause))
            now = self._clock.now()
            if vanished is not None or now >= settled:
                settled = math.inf if vanished is None else now + _SETTLING
                self._synths.look(vanished or (), now)
            self._synths.join(now)

    def _compare_clocks(self) -> None:
        """The queue's clock jumps ahead whenever the kernel's timer is late, so it is read before each chord."""
        before = self._clock.now()
        queue = self._sequencer.now()
        after = self._clock.now()
        if after - before < _GLANCE:
            self._shift = queue - (before + after) / 2
