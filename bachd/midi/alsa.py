"""Playing through the ALSA sequencer: one port named 'bachd', to which the synths are subscribed.

Law: the kernel delivers each message at its deadline, whatever Python is doing then. A synth that was pulled out and
comes back is known by its name, subscribed again and reset; meanwhile the music goes on.

The port is a virtual port and a hardware output at once: `aconnect` or a DAW can wire it like any other instrument.
Lateness here is how long after its deadline a message was handed to the kernel: 0 unless the whole process was late.
The kernel's own timer ticks each millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bachd.errors import OutputError
from bachd.midi.names import OURS
from bachd.midi.reset import reset
from bachd.midi.sequencer import Sequencer, SequencerPort
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage

_GLANCE: Final = 0.002
"""Seconds that reading both clocks may take; if this thread is held up in between, their difference means nothing."""


@dataclass(slots=True)
class _Synth:
    """A synth that was asked for."""

    name: str | None
    """None: any instrument will do."""
    port: SequencerPort | None = None
    """Where it is subscribed at present."""


class AlsaOutput:
    """Plays to everything that is subscribed to our port, and sees to it that the synths asked for are."""

    def __init__(self, sequencer: Sequencer, wanted: Sequence[str | None], clock: Clock, lateness: Lateness) -> None:
        """Subscribe the synths.

        sequencer: open; it is closed with the output.
        wanted: the names of ports that are there, or None for the first instrument that is there or will be.
        clock: the one that deadlines are counted in.

        Raises OutputError if a port that was named cannot be subscribed.
        """
        self._sequencer = sequencer
        self._synths = [_Synth(name) for name in wanted]
        self._clock = clock
        self._lateness = lateness
        self._shift = sequencer.now() - clock.now()  # seconds from the clock's time to the queue's
        self._last = 0.0  # queue time of the last message
        self.poll()
        for synth in self._synths:
            if synth.name is not None and synth.port is None:
                raise OutputError(f"{synth.name}: cannot be subscribed; does another program use it alone?")

    @property
    def description(self) -> str:
        """The synths by name, or what is being waited for."""
        synths = [synth.port.name if synth.port else f"waiting for {synth.name or 'a synth'}" for synth in self._synths]
        return ", ".join(synths) or f"port '{OURS}'"

    def send(self, messages: Sequence[TimedMessage]) -> None:
        """Put messages into the kernel's queue."""
        self._compare_clocks()
        now = self._clock.now()
        queued = []
        for timed in messages:
            if not timed.message.is_meta:
                self._last = max(self._last, timed.due + self._shift)
                queued.append((self._last, bytes(timed.message.bytes())))
                self._lateness.record(now - timed.due)
        self._sequencer.schedule(queued)

    def poll(self) -> Sequence[str]:
        """See which synths are there. One that somebody else took off our port is put back on it."""
        ports = self._sequencer.ports()
        subscribed = self._sequencer.subscribed()
        lines = []
        for synth in self._synths:
            if synth.port is not None and synth.port.address not in subscribed:
                lines.append(f"{synth.port.name} is gone: the music goes on without it, until it is back")
                synth.port = None
            if synth.port is None and (port := self._subscribe(synth, ports)):
                lines.append(f"{port.name} is there: subscribed to port '{OURS}', and reset")
        return lines

    def close(self) -> None:
        """Wait until the last message has been played, then take the port away."""
        self._sequencer.close()

    def _subscribe(self, synth: _Synth, ports: Sequence[SequencerPort]) -> SequencerPort | None:
        taken = [other.port for other in self._synths]
        for port in ports:
            fits = port.hardware if synth.name is None else port.name == synth.name
            if fits and port not in taken and self._sequencer.subscribe(port.address):
                self._sequencer.send_now(port.address, [bytes(message.bytes()) for message in reset()])
                synth.port = port
                return port
        return None

    def _compare_clocks(self) -> None:
        """The queue's clock jumps ahead whenever the kernel's timer is late, so it is read before each chord."""
        before = self._clock.now()
        queue = self._sequencer.now()
        after = self._clock.now()
        if after - before < _GLANCE:
            self._shift = queue - (before + after) / 2
