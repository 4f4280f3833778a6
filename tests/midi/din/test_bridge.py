"""The bridge between a UART, which a pseudo-terminal stands for, and a sequencer's client that is fed by hand."""

from __future__ import annotations

import math
import os
import select
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("alsa_midi", exc_type=ImportError)

import alsa_midi

from bachd.midi.din import bridge as din_bridge
from bachd.midi.din import encoder, uart
from bachd.midi.din.bridge import Bridge, main
from tests.conftest import PATIENCE
from tests.midi.alsa.test_input import Client


class Sequencer(Client):
    """With listeners, and those who play to us."""

    players: list[int]

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.players = [128]
        self.sent: list[str] = []

    def event_output(self, event: Any, port: Any) -> None:
        self.sent.append(bytes(event.midi_bytes).hex())

    def list_port_subscribers(self, *_: Any) -> list[int]:
        return self.players

    def leave(self) -> None:
        """The last player is gone, in whatever way."""
        self.players = []
        self.feed(alsa_midi.ClientExitEvent((128, 0), source=(0, 1)))


@pytest.fixture
def cable(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sequencer, int]]:
    """The sequencer's client of a bridge that runs, and the other end of its UART."""
    clients: list[Sequencer] = []

    def make(name: str) -> Sequencer:
        clients.append(Sequencer(name))
        return clients[-1]

    monkeypatch.setattr(alsa_midi, "SequencerClient", make)
    monkeypatch.setattr(din_bridge, "check_device", lambda: None)
    monkeypatch.setattr(encoder, "AGAIN", math.inf)  # however slow this machine is
    other, ours = os.openpty()
    bridge = Bridge(uart.opened(os.ttyname(ours)))
    os.close(ours)

    def run() -> None:
        with pytest.raises(OSError):  # noqa: PT011  (whatever the kernel says of a UART that is gone)
            bridge.run()

    thread = threading.Thread(target=run)
    thread.start()
    yield clients[0], other
    os.close(other)
    thread.join(PATIENCE)
    assert not thread.is_alive()


def read(other: int, count: int) -> str:
    """What has come through the cable."""
    data = b""
    while len(data) < count and select.select([other], [], [], PATIENCE)[0]:
        data += os.read(other, count - len(data))
    return data.hex(" ")


def test_what_is_played_leaves_with_running_status(cable: tuple[Sequencer, int]) -> None:
    client, other = cable
    client.play(128, "903c40", "904040", "f8", "904340", "803c40", "804040", "804340")
    assert read(other, 14) == "90 3c 40 40 40 f8 43 40 3c 00 40 00 43 00"


def test_what_comes_in_is_passed_on_message_by_message(cable: tuple[Sequencer, int]) -> None:
    client, other = cable
    client.drained = threading.Semaphore(0)  # type: ignore[attr-defined]
    client.drain_output = lambda: client.drained.release()  # type: ignore[attr-defined,method-assign]
    for part in ("90 3c", "40 f8 3c 00"):
        os.write(other, bytes.fromhex(part))
    while len(client.sent) < 3:
        assert client.drained.acquire(timeout=PATIENCE)  # type: ignore[attr-defined]
    assert client.sent == ["903c40", "f8", "903c00"]


def test_notes_of_a_player_that_is_gone_are_ended(cable: tuple[Sequencer, int]) -> None:
    client, other = cable
    client.play(128, "903c40", "904040")
    assert read(other, 5) == "90 3c 40 40 40"
    client.leave()
    assert read(other, 4) == "3c 00 40 00"


def test_a_uart_that_is_not_there_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "ttyAMA0")]) == 69
    assert capsys.readouterr().err.startswith(f"din: {tmp_path}/ttyAMA0: No such file or directory; ")
