"""When the port at which this machine is a USB instrument is one to play to. tests/pi plugs a computer in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("alsa_midi", exc_type=ImportError)

import alsa_midi

from bachd.midi.alsa.gadget import LETTING_GO, STUCK, Listening, has_computer, is_gadget
from bachd.midi.reset import reset


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_our_own_end_is_known_by_its_card(tmp_path: Path) -> None:
    for card, name in ((7, "bachd"), (1, "fmidi")):
        write(tmp_path / f"sys/class/sound/card{card}/id", f"{name}\n")
    client = SimpleNamespace(get_client_info=lambda number: SimpleNamespace(card_id={28: 7, 20: 1}.get(number)))
    assert is_gadget(client, 28, "f_midi", tmp_path)
    assert not is_gadget(client, 20, "f_midi", tmp_path)  # another gadget of this machine
    assert not is_gadget(client, 28, "bachd", tmp_path)  # another machine that is a gadget, seen by its computer
    assert not is_gadget(client, 14, "f_midi", tmp_path)

    def vanished(_: int) -> None:
        raise alsa_midi.ALSAError("it is gone", 2)

    assert not is_gadget(SimpleNamespace(get_client_info=vanished), 28, "f_midi", tmp_path)


def test_a_computer_is_there_while_it_has_configured_the_port(tmp_path: Path) -> None:
    assert not has_computer(tmp_path)
    bound, state = tmp_path / "sys/kernel/config/usb_gadget/bachd/UDC", tmp_path / "sys/class/udc/dwc2/state"
    write(bound, "\n")
    write(state, "configured\n")
    assert not has_computer(tmp_path)  # of another gadget
    write(bound, "dwc2\n")
    assert has_computer(tmp_path)
    suspended = state.parent / "device/gadget.0/suspended"
    write(suspended, "1\n")  # the cable is pulled, or the computer sleeps
    assert not has_computer(tmp_path)
    write(suspended, "0\n")
    assert has_computer(tmp_path)
    for word in ("not attached", "default"):
        write(state, f"{word}\n")
        assert not has_computer(tmp_path)


class Kernel:
    """The files in which the kernel says how it stands with the port."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.read = 0
        self.port = root / "dev/snd/midiC7D0"
        write(root / "sys/class/sound/card7/id", "bachd\n")
        write(root / "sys/kernel/config/usb_gadget/bachd/UDC", "dwc2\n")
        self.computer("configured")
        self.waits(0)

    def computer(self, state: str) -> None:
        write(self.root / "sys/class/udc/dwc2/state", f"{state}\n")

    def waits(self, count: int, read: int = 0) -> None:
        """So many bytes have been read since, and so many wait for it. What has only been written is not counted."""
        self.read += read
        text = f"f_midi\n\nOutput 0\n  Tx bytes     : {self.read}\n  Owner PID    : 7\n  Mode         : native\n"
        text += f"  Buffer size  : 4096\n  Avail        : {4096 - count}\nInput 0\n  Rx bytes     : 0\n"
        write(self.root / "proc/asound/card7/midi0", text)


def test_a_computer_that_reads_is_there(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    listening = Listening(tmp_path)
    assert listening.is_there
    for _ in range(3 * STUCK):
        kernel.waits(12, read=30)  # some are on their way at each look, but others than before
        assert not listening.look()
    kernel.computer("not attached")
    assert listening.look()
    assert not listening.is_there
    kernel.computer("configured")
    assert listening.look()
    assert listening.is_there


def test_one_that_does_not_read_is_not_until_it_reads_a_reset(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    listening = Listening(tmp_path)
    changes = []
    for look in range(STUCK + 1):
        kernel.waits(300 + 20 * look)  # what is played meanwhile waits, too
        changes.append(listening.look())
    assert changes == [False] * STUCK + [True]
    assert not listening.is_there
    write(kernel.port, "")
    assert not any(listening.look() for _ in range(LETTING_GO))
    assert kernel.port.read_bytes() == b""  # the kernel is not asked while it would not answer
    kernel.port.unlink()
    assert not listening.look()  # somebody else has the port: it cannot be opened
    write(kernel.port, "")
    assert not listening.look()
    everything = b"".join(bytes(message.bytes()) for message in reset())
    assert kernel.port.read_bytes() == everything
    kernel.waits(len(everything))
    assert not listening.look()
    assert kernel.port.read_bytes() == everything  # it is written once
    kernel.waits(0, read=len(everything))
    assert listening.look()
    assert listening.is_there
    kernel.waits(30)
    assert not listening.look()


def test_a_computer_that_goes_meanwhile_begins_anew(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    write(kernel.port, "")
    listening = Listening(tmp_path)
    kernel.waits(300)
    for _ in range(STUCK + LETTING_GO + 2):
        listening.look()
    assert kernel.port.read_bytes() != b""
    kernel.computer("not attached")
    assert not listening.look()
    kernel.computer("configured")
    assert listening.look()
    assert listening.is_there
    listening.close()
