"""Which socket a sound card is in."""

from __future__ import annotations

from pathlib import Path

from bachd.midi.alsa.usb import usb_path


def test_the_usb_socket_is_what_the_kernel_calls_the_device(tmp_path: Path) -> None:
    (tmp_path / "usb1/1-1/1-1.2/1-1.2:1.0").mkdir(parents=True)
    (tmp_path / "pci0").mkdir()
    for card, device in (("card1", "usb1/1-1/1-1.2/1-1.2:1.0"), ("card2", "pci0")):
        (tmp_path / card).symlink_to(tmp_path / device)
    assert [usb_path(tmp_path / card) for card in ("card1", "card2", "card3")] == ["1-1.2", "", ""]
