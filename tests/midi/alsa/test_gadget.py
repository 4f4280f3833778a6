"""When the port at which this machine is a USB instrument is one to play to. tests/pi plugs a computer in."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("alsa_midi", exc_type=ImportError)

import alsa_midi

from bachd.midi.alsa.gadget import has_computer, is_gadget


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
