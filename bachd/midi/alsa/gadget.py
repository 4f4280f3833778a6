"""Find the port at which this machine is a USB MIDI instrument (systemd/gadget), and whether a computer is there.

Law: that port is plugged in while a computer has configured it and the bus is in use, as it is not when the cable is
pulled or the computer sleeps; the kernel has the port all the time, and announces none of this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from bachd.midi.alsa.usb import card_of

CLIENT: Final = "f_midi"
"""What the kernel calls the sequencer's client."""
CARD: Final = "bachd"
"""The ID that systemd/gadget gives the sound card, so that another gadget on this machine is not taken for it."""
_CARDS: Final = "sys/class/sound"
_BOUND: Final = f"sys/kernel/config/usb_gadget/{CARD}/UDC"
_STATES: Final = "sys/class/udc"


def is_gadget(client: Any, number: int, name: str, root: Path = Path("/")) -> bool:
    """Return whether the client of that number and name is our own end of the cable. client: alsa-midi's own."""
    return name == CLIENT and _text(root / _CARDS / f"card{card_of(client, number)}" / "id") == CARD


def has_computer(root: Path = Path("/")) -> bool:
    """Return whether a computer is at the other end, and awake."""
    port = _text(root / _BOUND)
    if not port or _text(root / _STATES / port / "state") != "configured":
        return False
    return not any(_text(each) == "1" for each in (root / _STATES / port / "device").glob("gadget*/suspended"))


def _text(path: Path) -> str:
    """Return the text of a small file, stripped; empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
