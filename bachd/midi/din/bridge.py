"""Connect the DIN sockets on a UART with ALSA's sequencer, where they are the port 'DIN', in and out.

`python -I -m bachd.midi.din.bridge DEVICE [SPEED]`: systemd/bachd-din.service. What plays to the port is timed by the
kernel's queue; what comes in is sent to whoever has connected to it.

Law: messages leave in the order in which they come. Notes of a player that is gone, in whatever way, are ended.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from bachd.errors import EXIT_OK, BachdError, OutputError
from bachd.midi.alsa.event_records import message
from bachd.midi.alsa.kernel_sequencer import check_device, pending
from bachd.midi.din import uart
from bachd.midi.din.encoder import Encoder
from bachd.midi.input.parse import StreamParser
from bachd.realtime import priority

NAME: Final = "DIN"
"""What the client and its port are called."""
_BLOCK: Final = 256


class Bridge:
    """The port of the sequencer, and the UART."""

    def __init__(self, descriptor: int) -> None:
        """descriptor: of the UART. Raises OutputError if there is no sequencer."""
        check_device()
        try:
            import alsa_midi
        except (ImportError, OSError) as fault:
            raise OutputError(f"ALSA: alsa-midi cannot be loaded: {fault}") from None
        self._alsa, self._uart = alsa_midi, descriptor
        self._encoder, self._parser = Encoder(), StreamParser()
        kinds = alsa_midi.PortType
        try:
            self._client = alsa_midi.SequencerClient(NAME)
            self._port = self._client.create_port(
                NAME, caps=alsa_midi.RW_PORT, type=kinds.MIDI_GENERIC | kinds.HARDWARE | kinds.PORT
            )
            own = alsa_midi.PortCaps.WRITE | alsa_midi.PortCaps.NO_EXPORT
            self._announcements = self._client.create_port("announcements", caps=own)
            self._announcements.connect_from(alsa_midi.SYSTEM_ANNOUNCE)
        except alsa_midi.ALSAError as fault:
            raise OutputError(f"ALSA: the sequencer cannot be used: {fault}") from None

    def run(self) -> None:
        """Pass messages on for ever. Raises OSError when the UART is gone."""
        news = select.poll()
        for descriptor in (self._client._fd, self._uart):
            news.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in news.poll():
                if descriptor == self._uart:
                    self._receive(os.read(self._uart, _BLOCK))
                else:
                    self._send()

    def silence(self) -> None:
        """End what sounds at the other end of the cable."""
        self._write(self._encoder.ends(monotonic()))

    def _send(self) -> None:
        announced = False
        for event in pending(self._client):
            if event is None or event.source is None or event.source.client_id == 0:
                announced = True
            elif (data := message(int(event.type), event.raw_data or bytes(12))) is not None:
                self._write(self._encoder.bytes_of(data, monotonic()))
        if announced and self._encoder.sounding and not self._players():
            self.silence()

    def _players(self) -> Sequence[Any]:
        return list(self._client.list_port_subscribers(self._port, self._alsa.SubscriptionQueryType.WRITE))

    def _receive(self, data: bytes) -> None:
        if not data:
            raise OSError("the UART is gone")
        for each in self._parser.feed(data):
            self._client.event_output(self._alsa.MidiBytesEvent(each), port=self._port)
        self._client.drain_output()

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._uart, data) :]


def main(words: Sequence[str]) -> int:
    """Bridge until a signal ends it; returns the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    priority.come_first()
    try:
        bridge = Bridge(uart.opened(words[0], int(words[1]) if len(words) > 1 else uart.SPEED))
        try:
            bridge.run()
        except KeyboardInterrupt:
            bridge.silence()
    except BachdError as fault:
        sys.stderr.write(f"din: {fault}\n")
        return fault.exit_code
    except OSError as fault:
        sys.stderr.write(f"din: {words[0]}: {fault}\n")
        return OutputError.exit_code
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
