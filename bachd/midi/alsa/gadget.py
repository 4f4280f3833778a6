"""Find the port at which this machine is a USB MIDI instrument (systemd/gadget), and whether a computer listens.

Law: that port is plugged in while a computer has configured it, a program there reads, and the bus is in use, as it is
not when the cable is pulled or the computer sleeps. The kernel has the port all the time, and announces none of this.
What nobody reads it keeps, and would play as a burst of old notes.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bachd.midi.alsa.usb import card_of
from bachd.midi.reset import reset

CLIENT: Final = "f_midi"
"""What the kernel calls the sequencer's client."""
CARD: Final = "bachd"
"""The ID that systemd/gadget gives the sound card, so that another gadget on this machine is not taken for it."""
STUCK: Final = 2
"""Looks, about a second apart, in which nothing was read although there was something."""
_DROP: Final = 0x40045730
"""SNDRV_RAWMIDI_IOCTL_DROP in sound/asound.h."""
_TO_PLAY: Final = struct.pack("i", 0)
"""SNDRV_RAWMIDI_STREAM_OUTPUT."""
LETTING_GO: Final = 12
"""Looks until the port is free that was taken off ours: for ten seconds the kernel waits for what was not read, and
whoever asks for the port waits, too."""
_CARDS: Final = "sys/class/sound"
_BOUND: Final = f"sys/kernel/config/usb_gadget/{CARD}/UDC"
_STATES: Final = "sys/class/udc"
_OUTPUT: Final = re.compile(
    r"Output 0\n  Tx bytes\s*: (\d+)\n(?:  (?!Buffer).*\n)*  Buffer size\s*: (\d+)\n  Avail\s*: (\d+)\n"
)


def is_gadget(client: Any, number: int, name: str, root: Path = Path("/")) -> bool:
    """Return whether the client of that number and name is our own end of the cable. client: alsa-midi's own."""
    return name == CLIENT and _text(root / _CARDS / f"card{card_of(client, number)}" / "id") == CARD


def has_computer(root: Path = Path("/")) -> bool:
    """Return whether a computer is at the other end, and awake."""
    port = _text(root / _BOUND)
    if not port or _text(root / _STATES / port / "state") != "configured":
        return False
    return not any(_text(each) == "1" for each in (root / _STATES / port / "device").glob("gadget*/suspended"))


class Listening:
    """Whether a computer is there and listens. Where none does, a reset is left for it; when that is read, one does."""

    def __init__(self, root: Path = Path("/")) -> None:
        """It does, until it is found not to."""
        self.is_there = has_computer(root)
        self._root = root
        self._read, self._stuck, self._pause = -1, 0, 0
        self._probe: int | None = None

    def look(self) -> bool:
        """Look at it about once a second; returns whether `is_there` has changed."""
        before = self.is_there
        if not has_computer(self._root):
            self.close()
            self.is_there = False
        elif self.is_there:
            self.is_there = not self._is_stuck()
            self._pause = LETTING_GO
        elif self._stuck < STUCK:  # a computer has come
            self.is_there = True
        elif self._pause:
            self._pause -= 1
        else:
            self.is_there = self._was_probed()
        return self.is_there != before

    def close(self) -> None:
        """Forget what has been found out."""
        if self._probe is not None:
            with suppress(OSError):
                fcntl.ioctl(self._probe, _DROP, _TO_PLAY)  # otherwise to close it waits for ten seconds
            os.close(self._probe)
        self._probe, self._read, self._stuck = None, -1, 0

    def _is_stuck(self) -> bool:
        """Return whether nothing has been read for some looks of what waits."""
        waiting, read = self._buffer()
        self._stuck = self._stuck + 1 if waiting and read == self._read else 0
        self._read = read
        return self._stuck >= STUCK

    def _was_probed(self) -> bool:
        """Return whether the reset was read that was left; it is left as soon as nobody else has the port."""
        if self._probe is None:
            with suppress(OSError):
                self._probe = os.open(self._root / f"dev/snd/midiC{self._card()}D0", os.O_WRONLY | os.O_NONBLOCK)
                os.write(self._probe, b"".join(bytes(message.bytes()) for message in reset()))
            return False
        if self._buffer()[0]:
            return False
        self.close()
        return True

    def _buffer(self) -> tuple[int, int]:
        """Return the bytes that wait to be read, and those that were; none where nobody writes."""
        found = _OUTPUT.search(_text(self._root / f"proc/asound/card{self._card()}/midi0") + "\n")
        if found is None:
            return 0, 0
        read, size, room = map(int, found.groups())
        return size - room, read

    def _card(self) -> str:
        folders = (self._root / _CARDS).glob("card*")
        return next((each.name.removeprefix("card") for each in folders if _text(each / "id") == CARD), "")


def _text(path: Path) -> str:
    """Return the text of a small file, stripped; empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
