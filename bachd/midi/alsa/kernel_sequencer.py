"""Drive the ALSA sequencer: one port of our own, subscriptions, and a queue that the kernel plays.

Law: nothing of alsa-midi gets out of this module, its exceptions included. Where it has no words of its own for what
alsa-lib can do, alsa-lib's are used (`_c`).
"""

from __future__ import annotations

import math
import os
import select
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bachd.errors import OutputError
from bachd.midi.alsa import gadget, queue_timer
from bachd.midi.alsa.event_records import SUBSCRIBERS, Address, record
from bachd.midi.alsa.queue_clock import QueueClock
from bachd.midi.alsa.sequencer import SequencerPort
from bachd.midi.alsa.usb import socket_of
from bachd.midi.port_names import OURS, full_name, is_instrument

DEVICE: Final = Path("/dev/snd/seq")


def check_device() -> None:
    """Raises OutputError if there is no sequencer, or this user may not use it."""
    if not DEVICE.exists():
        raise OutputError(f"ALSA: there is no {DEVICE}; is the kernel module snd-seq loaded?")
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        raise OutputError(f"ALSA: {DEVICE} may not be opened; is this user in the group 'audio'?")


def pending(client: Any) -> Iterator[Any]:
    """Yield the events that have come in for a client of alsa-midi; at last None if the kernel has lost some."""
    import alsa_midi

    while True:
        try:
            event = client.event_input(timeout=1e-9)
        except ValueError:  # another program has sent a channel or a note that there is not
            continue
        except alsa_midi.ALSAError:
            yield None
            return
        if event is None:
            return
        yield event


class KernelSequencer:
    """The kernel's sequencer through alsa-midi."""

    def __init__(self) -> None:
        """Make the client, its port, both called 'bachd', and a queue. Raises OutputError if there is no sequencer."""
        check_device()
        try:
            import alsa_midi
            from alsa_midi._ffi import alsa, ffi
        except (ImportError, OSError) as fault:
            raise OutputError(f"ALSA: alsa-midi cannot be loaded: {fault}") from None
        self._alsa, self._c, self._ffi = alsa_midi, alsa, ffi
        kind = alsa_midi.PortType.MIDI_GENERIC | alsa_midi.PortType.SOFTWARE | alsa_midi.PortType.APPLICATION
        try:
            self._client = alsa_midi.SequencerClient(OURS)
            self._port = self._client.create_port(OURS, caps=alsa_midi.READ_PORT, type=kind)
            # A second port, to listen and to reset synths that are not to hear the first one yet. Nobody else may
            # subscribe to it, so that lists of ports leave it out.
            own = alsa_midi.PortCaps.READ | alsa_midi.PortCaps.WRITE | alsa_midi.PortCaps.NO_EXPORT
            self._aside = self._client.create_port("aside", caps=own, type=kind)
            self._aside.connect_from(alsa_midi.SYSTEM_ANNOUNCE)
            self._queue = self._client.create_queue(OURS)
            timer = self._made("queue_timer")
            queue_timer.tick_finely(alsa, self._client.handle, self._queue.queue_id, timer)
            self._queue.start()
            self._client.drain_output()
            self._clock = QueueClock(self._client, self._queue)
        except alsa_midi.ALSAError as fault:
            raise OutputError(f"ALSA: the sequencer cannot be used: {fault}") from None
        self._gadget: gadget.Listening | None = None  # at the USB port where we are the instrument, if there is one
        self._hidden: set[Address] = set()  # where nobody listens
        self._lock = threading.Lock()  # alsa-lib's output buffer belongs to one thread at a time
        self._waker = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._room = select.poll()
        self._room.register(self._client._fd, select.POLLOUT)
        self._news = select.poll()
        self._news.register(self._waker, select.POLLIN)
        self._news.register(self._client._fd, select.POLLIN)  # event_input would take seconds for milliseconds

    def _made(self, kind: str) -> Any:
        """One of alsa-lib's structures, freed with us."""
        box = self._ffi.new(f"snd_seq_{kind}_t **")
        getattr(self._c, f"snd_seq_{kind}_malloc")(box)
        return self._ffi.gc(box[0], getattr(self._c, f"snd_seq_{kind}_free"))

    def now(self) -> float:
        """Return the queue's time."""
        return self._clock.now()

    def ports(self) -> list[SequencerPort]:
        """Return what can be played to; empty if the list changes under our hands."""
        hardware = self._alsa.PortType.HARDWARE
        try:
            found = self._client.list_ports(output=True)
        except self._alsa.ALSAError:
            return []
        ports = []
        for port in found:
            address, name = (port.client_id, port.port_id), full_name(port.client_name, port.name)
            instrument = is_instrument(name)
            if gadget.is_gadget(self._client, port.client_id, port.client_name):
                self._gadget = self._gadget or gadget.Listening()
                instrument = self._gadget.is_there
                if not instrument:  # as if it were unplugged
                    self._hide(address)
                    continue
                self._hidden.discard(address)
            path = socket_of(self._client, port.client_id)
            ports.append(SequencerPort(address, name, bool(port.type & hardware) and instrument, path))
        return ports

    def is_stale(self) -> bool:
        """Return whether a computer has begun to listen at our own USB port, or no longer does."""
        return self._gadget is not None and self._gadget.look()

    def subscribed(self) -> set[Address]:
        """Return which ports are subscribed to ours at present."""
        found = self._client.list_port_subscribers(self._port, self._alsa.SubscriptionQueryType.READ)
        return {tuple(each.addr) for each in found} - self._hidden

    def subscribe(self, address: Address) -> bool:
        """Subscribe a port to ours; it may be subscribed already, refuse, or be gone."""
        try:
            self._port.connect_to(address)
        except self._alsa.ALSAError:
            return address in self.subscribed()
        return True

    def unsubscribe(self, address: Address) -> None:
        """Take a port off ours; it may be gone, or taken off already."""
        with suppress(self._alsa.ALSAError):
            self._port.disconnect_to(address)

    def _hide(self, address: Address) -> None:
        """Take a port off ours at which nobody listens."""
        if address in self.subscribed():
            self._hidden.add(address)
            threading.Thread(target=self._let_go, args=(address,), name="letting-go", daemon=True).start()

    def _let_go(self, address: Address) -> None:
        """Do so through another client: the kernel waits for what is not read, and takes nothing of ours meanwhile."""
        with suppress(self._alsa.ALSAError):
            other = self._alsa.SequencerClient(OURS)
            with suppress(self._alsa.ALSAError):
                other.unsubscribe_port((self._client.client_id, self._port.port_id), address)
            other.close()

    def schedule(self, messages: Sequence[tuple[float, bytes]], to: Address = SUBSCRIBERS) -> None:
        """Queue messages, in one write. A port that vanishes is no error: the kernel drops what it cannot deliver."""
        queue, client, port = self._queue.queue_id, self._client.client_id, self._port.port_id
        records = b"".join(record(data, max(0.0, moment), queue, (client, port), to) for moment, data in messages)
        with self._lock:
            while records:
                try:
                    records = records[os.write(self._client._fd, records) :]
                except BlockingIOError:  # the kernel keeps some hundreds for us
                    self._room.poll()

    def remove(self, moment: float) -> None:
        """Take what is to be played from `moment` on out of the queue."""
        alsa, which, conditions = self._c, self._made("remove_events"), self._alsa.RemoveCondition
        time = self._ffi.new("snd_seq_timestamp_t *")
        time.time.tv_sec, time.time.tv_nsec = divmod(max(0, round(1e9 * moment)), 1_000_000_000)
        alsa.snd_seq_remove_events_set_condition(which, conditions.OUTPUT | conditions.TIME_AFTER)
        alsa.snd_seq_remove_events_set_queue(which, self._queue.queue_id)
        alsa.snd_seq_remove_events_set_time(which, time)
        with self._lock:
            alsa.snd_seq_remove_events(self._client.handle, which)

    def send_now(self, address: Address, messages: Sequence[bytes]) -> bool:
        """Send to one port at once. The kernel opens a synth for subscribers only, so for now our port aside is one."""
        try:
            self._aside.connect_to(address)
        except self._alsa.ALSAError:
            return False
        with self._lock:
            try:
                for data in messages:
                    self._client.event_output(self._alsa.MidiBytesEvent(data), port=self._aside, dest=address)
                self._client.drain_output()
            except self._alsa.ALSAError:
                self._client.drop_output_buffer()  # or what could not be delivered would stand before all that follows
                return False
        with suppress(self._alsa.ALSAError):
            self._aside.disconnect_to(address)  # returns when the synth has been sent all of it
        return True

    def wait(self, seconds: float | None) -> set[int] | None:
        """Wait for announcements of the system client."""
        self._news.poll(None if seconds is None else math.ceil(1e3 * seconds))
        with suppress(BlockingIOError):
            os.eventfd_read(self._waker)
        vanished, changed = set(), False
        for event in pending(self._client):
            changed = True
            if event is not None and event.type in (self._alsa.EventType.PORT_EXIT, self._alsa.EventType.CLIENT_EXIT):
                vanished.add(int(event.addr.client_id))
        return vanished if changed else None

    def wake(self) -> None:
        """Let the thread that waits look up."""
        os.eventfd_write(self._waker, 1)

    def close(self) -> None:
        """Wait for the queue; the subscribed ports are let go of once they have sent what they were given."""
        with self._lock:
            self._client.sync_output_queue()
            self._queue.close()
            self._port.close()
            self._client.close()
        os.close(self._waker)
        if self._gadget is not None:
            self._gadget.close()
