"""Find the USB socket that a client of ALSA's sequencer is in.

Law: the answer is the kernel's own name for the sockets on the way to the device, such as '1-1.2'; it stays the same as
long as the cables do.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

SOUND: Final = Path("/sys/class/sound")
_INTERFACE: Final = re.compile(r"([0-9]+-[0-9.]+):[0-9.]+")
"""An interface of a USB device, as the kernel names it."""


def socket_of(client: Any, number: int) -> str:
    """Return the socket of the client of that number; empty if it is not on USB, or gone. client: alsa-midi's own."""
    card = card_of(client, number)
    return "" if card is None else usb_path(SOUND / f"card{card}" / "device")


def card_of(client: Any, number: int) -> int | None:
    """Return the sound card of the client of that number; None if it has none, or is gone. client: alsa-midi's own."""
    import alsa_midi

    try:
        card: int | None = client.get_client_info(number).card_id
    except alsa_midi.ALSAError:
        return None
    return None if card is None or card < 0 else card


def usb_path(device: Path) -> str:
    """Return the socket of a sound card's device in /sys: '1-1.2' for .../1-1.2/1-1.2:1.0; empty if it is not USB."""
    try:
        found = _INTERFACE.fullmatch(device.resolve(strict=True).name)
    except OSError:
        return ""
    return "" if found is None else found[1]
