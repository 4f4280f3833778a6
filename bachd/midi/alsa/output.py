"""Play through the ALSA sequencer: one port named 'bachd', to which the synths are subscribed.

Law: the kernel delivers each message at its deadline, whatever Python is doing then. What happens to the synths is
announced by the kernel and seen to by a thread of its own; the music never waits for it.

The port is a virtual port and a hardware output at once: `aconnect` or a DAW can wire it like any other instrument.
Lateness here is how long after its deadline a message was handed to the kernel: 0 unless the whole process was late.
The kernel's own timer ticks each millisecond.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Collection, Sequence
from typing import Final

from bachd.errors import OutputError
from bachd.midi.alsa.event_records import Address
from bachd.midi.alsa.hotplug import Subscriptions
from bachd.midi.alsa.sequencer import Sequencer
from bachd.midi.chase import Chase
from bachd.midi.message_queue import begins, ending
from bachd.midi.port_names import unsubscribable
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage, ordered

_NANOSECOND: Final = 1e-9
_GLANCE: Final = 0.002
"""Seconds that reading both clocks may take; if this thread is held up in between, their difference means nothing."""
_GRACE: Final = 0.005
"""Seconds by which the queue's clock may be ahead of what we think: what is due so soon may have been played."""
_CLOCK: Final = 0xF8
"""From here on, bytes are a clock's, a stream of its own."""
_SOON: Final = 64
"""More note_ons than are due within `_GRACE`."""
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
        awaiting: whether all ports that were named may be missing, and are waited for.
        sounding: ports that are being played to and must not be reset.

        Raises OutputError if none of the ports that were named can be subscribed.
        """
        self.wanted = tuple(wanted)
        """As it was asked for."""
        self._sequencer = sequencer
        self._clock = clock
        self._lateness = lateness
        self._shift = sequencer.now() - clock.now()  # seconds from the clock's time to the queue's
        # The last deadline of each stream, the notes and the clock's, and the queue's time that it was given.
        self._last = {False: (-math.inf, 0.0), True: (-math.inf, 0.0)}
        self._begun: deque[tuple[float, bytes]] = deque(maxlen=_SOON)  # the last note_ons, with their deadlines
        self._chase = Chase()
        self._synths = Subscriptions(sequencer, wanted, sounding, self._chase, lambda: self._shift)
        if not awaiting and self.missing and len(self.missing) == len(wanted):
            raise OutputError(unsubscribable(self.missing[0]))
        self._closing = self._stale = False
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._watch, name="announcements", daemon=True)
        self._thread.start()

    @property
    def missing(self) -> list[str]:
        """The names that were asked for and are not there."""
        return self._synths.missing

    @property
    def sounding(self) -> set[Address]:
        """The ports that are played to."""
        return self._synths.playing

    @property
    def taken(self) -> bool:
        """Whether a synth plays, or joins with the next bar that is passed to `bar`."""
        return self._synths.taken

    @property
    def description(self) -> str:
        """The synths by name, or what is being waited for."""
        return self._synths.description

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Put messages into the kernel's queue."""
        self._compare_clocks()
        now = self._clock.now()
        queued = []
        for timed in ordered(messages):
            if not timed.message.is_meta:
                data = bytes(timed.message.bytes())
                queued.append((self._moment(timed.due, data), data))
                self._chase.see(timed.due, data)
                self._lateness.record(now - timed.due)
                if begins(data):
                    self._begun.append((timed.due, data))
        self._sequencer.schedule(queued)

    def retract(self, moment: float) -> None:
        """Empty the kernel's queue from there on; what may just have begun is ended."""
        self._compare_clocks()
        self._chase.retract()
        self._synths.halt()
        self._sequencer.remove(moment + self._shift + _NANOSECOND)
        now = self._clock.now()
        ends = [ending(data) for due, data in self._begun if moment < due <= now + _GRACE]
        self._begun = deque((each for each in self._begun if each[0] <= moment), maxlen=_SOON)
        for stream, (due, _) in self._last.items():
            if due > moment:
                self._last[stream] = (moment, moment + self._shift)
        self._sequencer.schedule([(self._moment(now, data), data) for data in ends])

    def bar(self, due: float) -> None:
        """Let synths join just before the bar that wait for it now; those that come meanwhile wait for the next."""
        if self._synths.waiting:
            self._synths.bar(max(self._clock.now(), self._last[False][0]), due, self._chase.resume())
            self._sequencer.wake()

    def poll(self) -> Sequence[str]:
        """Look for what is not announced. Raises what has ended the thread that listens, which only a bug can."""
        if self._fault is not None:
            raise self._fault
        if self._sequencer.is_stale():
            self._stale = True
            self._sequencer.wake()
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
        except BaseException as fault:  # noqa: BLE001  (`poll` raises it, where it is handled)
            self._fault = fault

    def _listen(self) -> None:
        """Look whenever something is announced, and once more when it has settled; let synths join in time."""
        settled = math.inf
        while not self._closing:
            pause = min(settled, self._synths.joining) - self._clock.now()
            vanished = self._sequencer.wait(None if pause == math.inf else max(0.0, pause))
            now = self._clock.now()
            if vanished is not None or now >= settled or self._stale:
                self._stale = False
                settled = math.inf if vanished is None else now + _SETTLING
                self._synths.look(vanished or (), now)
            # To look takes its time, and so may to join.
            self._synths.join(self._clock.now())
            self._synths.send_position(self._clock.now())

    def _moment(self, due: float, data: bytes) -> float:
        """Return the queue's time for a deadline; it never decreases, however the clocks are compared."""
        stream = data[0] >= _CLOCK
        last_due, last = self._last[stream]
        moment = due + self._shift if due < last_due else max(last, due + self._shift)
        self._last[stream] = (due, moment)
        return moment

    def _compare_clocks(self) -> None:
        """Read the queue's clock before each chord: it jumps ahead whenever the kernel's timer is late."""
        before = self._clock.now()
        queue = self._sequencer.now()
        after = self._clock.now()
        if after - before < _GLANCE:
            self._shift = queue - (before + after) / 2
