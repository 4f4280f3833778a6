"""What a sequencer's events become, with a client of alsa-midi that is fed by hand: its events are alsa-midi's own."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("alsa_midi", exc_type=ImportError)

import alsa_midi

from bachd.midi.alsa import input as alsa_input
from bachd.midi.alsa.event_records import record
from bachd.midi.alsa.input import AlsaInput
from bachd.midi.input.purpose import FOLLOWING, PLAYING, Purpose
from tests.conftest import PATIENCE

OURS = (130, 0)
QUEUE_AHEAD = 1000.0
"""Seconds by which the queue's clock is ahead of the monotonic one."""
Heard = tuple[float, str, str]


class Client:
    """What AlsaInput uses of a SequencerClient."""

    client_id = OURS[0]

    def __init__(self, name: str) -> None:
        self.name = name
        self._fd, self._feed = os.pipe()
        os.set_blocking(self._fd, False)
        self.ports: list[Any] = []
        self.connected: list[tuple[int, int]] = []
        self._events: deque[Any] = deque()
        self.closed = False

    def create_queue(self, _: str) -> Any:
        return SimpleNamespace(start=lambda: None)

    def create_port(self, name: str, **_: Any) -> Any:
        return SimpleNamespace(port_id=OURS[1], name=name, connect_from=self._connect)

    def _connect(self, address: Any) -> None:
        client, port = address
        if client != 0:
            self.connected.append((client, port))

    def drain_output(self) -> None: ...

    def list_ports(self, **_: bool) -> list[Any]:
        return list(self.ports)

    def plug(self, name: str, client: int, *, hardware: bool = True) -> None:
        kind = alsa_midi.PortType.HARDWARE if hardware else alsa_midi.PortType.SOFTWARE
        self.ports.append(SimpleNamespace(client_id=client, port_id=0, client_name=name, name=name, type=kind))
        self.feed(alsa_midi.PortStartEvent((client, 0), source=(0, 1)))

    def unplug(self, client: int) -> None:
        self.ports = [port for port in self.ports if port.client_id != client]
        self.feed(alsa_midi.PortExitEvent((client, 0), source=(0, 1)))

    def play(self, source: int, *messages: str) -> None:
        for data in messages:
            raw = record(bytes.fromhex(data), 0.0, queue=0, sender=(source, 0))
            event = SimpleNamespace(
                type=alsa_midi.EventType(raw[0]),
                raw_data=raw[16:],
                source=alsa_midi.Address(source, 0),
                time=QUEUE_AHEAD + time.monotonic() - 0.01,
            )
            self.feed(event)

    def feed(self, event: Any) -> None:
        os.write(self._feed, b"x")  # first, as whoever finds an event takes one
        self._events.append(event)

    def event_input(self, timeout: float) -> Any:
        if not self._events:
            return None
        os.read(self._fd, 1)
        event = self._events.popleft()
        if isinstance(event, Exception):
            raise event
        return event

    def close(self) -> None:
        self.closed = True
        os.close(self._fd)
        os.close(self._feed)


Open = Callable[..., tuple[AlsaInput, Client, "SimpleQueue[Heard]"]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    inputs: list[AlsaInput] = []
    clients: list[Client] = []

    def make(name: str) -> Client:
        clients.append(Client(name))
        return clients[-1]

    monkeypatch.setattr(alsa_input, "check_device", lambda: None)
    monkeypatch.setattr(alsa_input, "socket_of", lambda *_: "")
    monkeypatch.setattr(alsa_input, "QueueClock", lambda *_: SimpleNamespace(ahead=lambda: QUEUE_AHEAD))
    monkeypatch.setattr(alsa_midi, "SequencerClient", make)

    def open_input(parts: Sequence[str] = (), purpose: Purpose = PLAYING) -> Any:
        heard: SimpleQueue[Heard] = SimpleQueue()
        inputs.append(AlsaInput(parts, lambda at, data, name: heard.put((at, data.hex(), name)), purpose))
        return inputs[-1], clients[-1], heard

    yield open_input
    for each in inputs:
        each.close()
    assert all(client.closed for client in clients)


def messages(heard: SimpleQueue[Heard], count: int) -> list[tuple[str, str]]:
    return [heard.get(timeout=PATIENCE)[1:] for _ in range(count)]


def until(source: AlsaInput, description: str) -> None:
    end = time.monotonic() + PATIENCE
    while source.description != description:
        assert time.monotonic() < end, source.description


def test_notes_controllers_and_programs_are_passed_on_and_dated(opened: Open) -> None:
    source, client, heard = opened()
    client.plug("Piano", 24)
    until(source, "Piano")
    assert client.connected == [(24, 0)]
    before = time.monotonic()
    client.play(24, "903c40", "f8", "fe", "b0407f", "c005", "e00040", "903c00")
    found = [heard.get(timeout=PATIENCE) for _ in range(5)]
    assert [data for _, data, _ in found] == ["903c40", "b0407f", "c005", "e00040", "903c00"]
    assert {name for _, _, name in found} == {"Piano"}
    assert all(before - 0.02 < moment < time.monotonic() for moment, _, _ in found)


def test_a_clock_is_passed_on_to_who_follows_one(opened: Open) -> None:
    _, client, heard = opened(purpose=FOLLOWING)
    client.plug("Drum", 24)
    client.play(24, "903c40", "fa", "f8", "f20102")
    assert messages(heard, 3) == [("fa", "Drum"), ("f8", "Drum"), ("f20102", "Drum")]
    client.unplug(24)
    client.plug("Drum", 25)
    client.play(25, "fc")
    assert messages(heard, 1) == [("fc", "Drum")]  # and no end of keys


def test_who_is_unplugged_is_reported_and_listened_to_again_by_name(opened: Open) -> None:
    source, client, heard = opened(["piano", "organ"])
    assert source.description == "piano, organ (absent)"
    client.plug("Other", 20)
    client.plug("Grand Piano", 24)
    until(source, "Grand Piano")
    client.play(24, "903c40")
    client.unplug(24)
    assert messages(heard, 2) == [("903c40", "Grand Piano"), ("", "Grand Piano")]
    until(source, "piano, organ (absent)")
    client.plug("Grand Piano", 28)
    client.plug("Organ", 29)
    until(source, "Grand Piano, Organ")
    client.unplug(28)  # it has sent nothing since
    client.play(29, "904040")
    assert messages(heard, 1) == [("904040", "Organ")]


def test_who_is_taken_off_our_port_by_hand_is_reported(opened: Open) -> None:
    _, client, heard = opened()
    client.plug("Program", 140, hardware=False)
    client.play(140, "903c40")
    client.feed(alsa_midi.PortUnsubscribedEvent((140, 0), (150, 0), source=(0, 1)))  # from somebody else's
    client.feed(alsa_midi.PortUnsubscribedEvent((140, 0), OURS, source=(0, 1)))
    assert messages(heard, 2) == [("903c40", "Program"), ("", "Program")]
    assert client.connected == []  # only hardware is listened to unasked


def test_what_no_message_can_be_made_of_is_left_out(opened: Open) -> None:
    _, client, heard = opened()
    client.plug("Piano", 24)
    client.feed(ValueError("a channel that there is not"))
    client.play(24, "903c40")
    assert messages(heard, 1) == [("903c40", "Piano")]
