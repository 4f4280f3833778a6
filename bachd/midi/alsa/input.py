"""Receive a MIDI clock, or what a person plays, through the ALSA sequencer: one port of ours, subscribed to others.

Law: the kernel dates each message when it arrives; what is plugged in is listened to, by name, as long as it is there.
Whoever has sent something and is unplugged, or taken off our port, is reported to be gone.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any, Final

from bachd.errors import OutputError
from bachd.midi.alsa.event_records import Address, message
from bachd.midi.alsa.gadget import is_gadget
from bachd.midi.alsa.kernel_sequencer import check_device, pending
from bachd.midi.alsa.queue_clock import QueueClock
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.alsa.usb import socket_of
from bachd.midi.input.purpose import Purpose
from bachd.midi.port_names import OURS, candidates, full_name, is_instrument
from bachd.realtime import priority
from bachd.realtime.input import Receive

log = logging.getLogger(__name__)

_LONG_AGO: Final = 1.0
"""Seconds: a message that is said to be older was dated by a clock that has jumped."""


class AlsaInput:
    """Listens in a thread of its own."""

    def __init__(self, parts: Sequence[str], receive: Receive, purpose: Purpose) -> None:
        """Begin to listen. parts: of the names to listen to; none: all hardware.

        Others may connect to our port at any time. Raises OutputError if there is no sequencer.
        """
        check_device()
        try:
            import alsa_midi
        except (ImportError, OSError) as fault:
            raise OutputError(f"ALSA: alsa-midi cannot be loaded: {fault}") from None
        self._alsa, self._parts, self._receive, self._purpose = alsa_midi, tuple(parts), receive, purpose
        try:
            self._client = alsa_midi.SequencerClient(OURS)
            self._queue = self._client.create_queue(purpose.port)
            self._port = self._client.create_port(
                purpose.port,
                caps=alsa_midi.WRITE_PORT,
                timestamping=True,
                timestamp_real=True,
                timestamp_queue=self._queue,
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
        self._senders: dict[Address, str] = {}
        self._look()
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name=f"{purpose.word}-in", daemon=True)
        self._thread.start()

    @property
    def description(self) -> str:
        """Names of the subscribed ports."""
        return ", ".join(self._there.values()) or (
            f"{', '.join(self._parts)} (absent)" if self._parts else f"port '{self._purpose.port}'"
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
        """Pass a message on; False if it is an announcement."""
        if event.source is None or event.source.client_id == 0:
            kinds = self._alsa.EventType
            if event.type in (kinds.PORT_EXIT, kinds.CLIENT_EXIT):
                client = int(event.addr.client_id)  # it may be back by now, at the same address
                self._drop([address for address in self._there if address[0] == client])
                self._report_gone([address for address in self._senders if address[0] == client])
            elif event.type == kinds.PORT_UNSUBSCRIBED and _address(event.connect_dest) == self._address:
                self._report_gone([_address(event.connect_sender)])
            return False
        data = message(int(event.type), event.raw_data or bytes(12))
        if data is not None and self._purpose.takes(data):
            now = monotonic()
            dated = now if event.time is None else float(event.time) - self._clock.ahead()
            self._receive(min(now, max(now - _LONG_AGO, dated)), data, self._sender(_address(event.source)))
        return True

    def _sender(self, address: Address) -> str:
        """Return the name of who has sent something; the same until it is gone."""
        if address not in self._senders:
            if address not in self._names:  # it has sent something as soon as it came
                self._look()
            self._senders[address] = self._names.get(address, str(address))
        return self._senders[address]

    @property
    def _address(self) -> Address:
        return int(self._client.client_id), int(self._port.port_id)

    def _report_gone(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            if (name := self._senders.pop(address, None)) is not None and self._purpose.holds:
                self._receive(monotonic(), b"", name)

    def _look(self) -> None:
        """Subscribe to ports that have appeared."""
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
            log.info("listening to %s for %s", wanted[address], self._purpose.what)

    def _drop(self, addresses: list[Address]) -> None:
        for address in addresses:
            name = self._there.pop(address)
            log.warning("%s is gone: %s cannot come from there until it is back", name, self._purpose.what)

    def _wanted(self, ports: list[Any]) -> dict[Address, str]:
        if self._parts:
            there = [
                SequencerPort(address, name, hardware=False, path=socket_of(self._client, address[0]))
                for address, name in self._names.items()
            ]
            return {port.address: port.name for part in self._parts for port in candidates(there, part)}
        hardware = [port for port in ports if port.type & self._alsa.PortType.HARDWARE]
        found = {(port.client_id, port.port_id): self._names[port.client_id, port.port_id] for port in hardware}
        ours = {port.client_id for port in hardware if is_gadget(self._client, port.client_id, port.client_name)}
        return {address: name for address, name in found.items() if is_instrument(name) or address[0] in ours}


def _address(address: Any) -> Address:
    return int(address.client_id), int(address.port_id)
