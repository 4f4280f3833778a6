"""Receive a MIDI clock through the ALSA sequencer: one port named 'bachd clock', subscribed to what may send one.

Law: the kernel dates each message when it arrives; what is plugged in is listened to, by name, as long as it is there.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from time import monotonic
from typing import Any, Final

from bachd.errors import OutputError
from bachd.midi.alsa.event_records import Address
from bachd.midi.alsa.kernel_sequencer import check_device, pending
from bachd.midi.alsa.queue_clock import QueueClock
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.alsa.usb import socket_of
from bachd.midi.port_names import CLOCK, OURS, candidates, full_name, is_instrument
from bachd.realtime import priority
from bachd.realtime.input import Receive

log = logging.getLogger(__name__)

_LONG_AGO: Final = 1.0
"""Seconds: a message that is said to be older was dated by a clock that has jumped."""


class AlsaClockInput:
    """Listens in a thread of its own."""

    def __init__(self, part: str | None, receive: Receive) -> None:
        """Begin to listen. part: of the names to listen to; None: all hardware.

        Others may connect to our port at any time. Raises OutputError if there is no sequencer.
        """
        check_device()
        try:
            import alsa_midi
        except (ImportError, OSError) as fault:
            raise OutputError(f"ALSA: alsa-midi cannot be loaded: {fault}") from None
        self._alsa, self._part, self._receive = alsa_midi, part, receive
        kinds = alsa_midi.EventType
        self._bytes: dict[Any, int] = {kinds.CLOCK: 0xF8, kinds.START: 0xFA, kinds.CONTINUE: 0xFB, kinds.STOP: 0xFC}
        try:
            self._client = alsa_midi.SequencerClient(OURS)
            self._queue = self._client.create_queue(CLOCK)
            self._port = self._client.create_port(
                CLOCK, caps=alsa_midi.WRITE_PORT, timestamping=True, timestamp_real=True, timestamp_queue=self._queue
            )
            own = alsa_midi.PortCaps.WRITE | alsa_midi.PortCaps.NO_EXPORT
            self._announcements = self._client.create_port("announcements", caps=own)  # kept: it goes with its object
            self._announcements.connect_from(alsa_midi.SYSTEM_ANNOUNCE)
            self._queue.start()
            self._client.drain_output()
            self._clock = QueueClock(self._client, self._queue)
        except alsa_midi.ALSAError as fault:
            raise OutputError(f"ALSA: the sequencer cannot be used: {fault}") from None
        self._there: dict[Address, str] = {}
        self._names: dict[Address, str] = {}
        self._look()
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name="clock-in", daemon=True)
        self._thread.start()

    @property
    def description(self) -> str:
        """Who is listened to."""
        return ", ".join(self._there.values()) or (
            f"port '{CLOCK}'" if self._part is None else f"{self._part} (absent)"
        )

    def poll(self) -> tuple[str, ...]:
        """Do nothing: the kernel announces what changes."""
        return ()

    def close(self) -> None:
        """End the thread and the port."""
        self._closing = True
        os.eventfd_write(self._waker, 1)
        self._thread.join()
        self._client.close()
        os.close(self._waker)

    def _listen(self) -> None:
        priority.come_first()
        news = select.poll()
        news.register(self._waker, select.POLLIN)
        news.register(self._client._fd, select.POLLIN)  # event_input would take seconds for milliseconds
        while not self._closing:
            news.poll()
            changed = False
            for event in pending(self._client):
                changed = event is None or not self._take(event) or changed
            if changed:
                self._look()

    def _take(self, event: Any) -> bool:
        """Hand a message on; False if it is none, but an announcement."""
        if event.type in self._bytes:
            data = bytes((self._bytes[event.type],))
        elif event.type == self._alsa.EventType.SONGPOS:
            data = bytes((0xF2, event.value & 0x7F, event.value >> 7 & 0x7F))
        else:
            if event.type in (self._alsa.EventType.PORT_EXIT, self._alsa.EventType.CLIENT_EXIT):
                client = int(event.addr.client_id)  # it may be back by now, at the same address
                self._drop([address for address in self._there if address[0] == client])
            return bool(event.source is not None and event.source.client_id != 0)
        now = monotonic()
        moment = min(now, max(now - _LONG_AGO, float(event.time) - self._clock.ahead()))
        source = (int(event.source.client_id), int(event.source.port_id))
        self._receive(moment, data, self._names.get(source, str(source)))
        return True

    def _look(self) -> None:
        """Subscribe to who has come."""
        try:
            ports = [port for port in self._client.list_ports(input=True) if port.client_name != OURS]
        except self._alsa.ALSAError:  # the list changes under our hands; that is announced, too
            return
        self._names = {(port.client_id, port.port_id): full_name(port.client_name, port.name) for port in ports}
        wanted = self._wanted(ports)
        self._drop([address for address in self._there if address not in wanted])
        for address in [address for address in wanted if address not in self._there]:
            try:
                self._port.connect_from(address)
            except self._alsa.ALSAError:
                continue
            self._there[address] = wanted[address]
            log.info("listening to %s for a MIDI clock", wanted[address])

    def _drop(self, addresses: list[Address]) -> None:
        for address in addresses:
            log.warning("%s is gone: no MIDI clock comes from there until it is back", self._there.pop(address))

    def _wanted(self, ports: list[Any]) -> dict[Address, str]:
        if self._part is not None:
            there = [
                SequencerPort(address, name, hardware=False, path=socket_of(self._client, address[0]))
                for address, name in self._names.items()
            ]
            return {port.address: port.name for port in candidates(there, self._part)}
        hardware = [port for port in ports if port.type & self._alsa.PortType.HARDWARE]
        found = {(port.client_id, port.port_id): self._names[port.client_id, port.port_id] for port in hardware}
        return {address: name for address, name in found.items() if is_instrument(name)}
