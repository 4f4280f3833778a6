"""A USB synth that is made of nothing: the kernel's own USB host, with the kernel as a MIDI gadget plugged into it.

Law: it is plugged and pulled as a cable is, and what it heard is read on its own side. Root, inside a guest, only.

The computer's side is a sound card with the product's name, which a sequencer client plays to. The synth's side is the
card fmidi, and lives only while the cable is in.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from tests.pi.recording import Recording
from tests.pi.waiting import LOOK, PRIORITY, wait_until

NAME = "FP-30X Fake Piano"
_GADGET = Path("/sys/kernel/config/usb_gadget/synth")
_CARDS = Path("/proc/asound/cards")
_CLIENTS = Path("/proc/asound/seq/clients")
PATIENCE = 60.0
"""Seconds after which the kernel has failed."""
_LAST = 2.0
"""Seconds that the last messages may be on their way to the synth."""


class Cable:
    """The cable between the computer and the synth. Nobody has to listen at its end."""

    def __init__(self) -> None:
        """Load the modules and make the gadget, not plugged in yet."""
        subprocess.run(["modprobe", "-a", "dummy_hcd", "libcomposite", "usb_f_midi"], check=True)
        if not _GADGET.parent.is_dir():
            subprocess.run(["mount", "-t", "configfs", "none", "/sys/kernel/config"], check=True)
        for folder in ("", "strings/0x409", "configs/c.1", "functions/midi.usb0"):
            (_GADGET / folder).mkdir(parents=True, exist_ok=True)
        for name, text in {
            "idVendor": "0x0582",
            "idProduct": "0x0123",
            "strings/0x409/manufacturer": "nobody",
            "strings/0x409/product": NAME,
            "strings/0x409/serialnumber": "1",
        }.items():
            (_GADGET / name).write_text(text)
        if not (_GADGET / "configs/c.1/midi.usb0").exists():  # of another process
            (_GADGET / "configs/c.1/midi.usb0").symlink_to(_GADGET / "functions/midi.usb0")
        (self._controller,) = (path.name for path in Path("/sys/class/udc").iterdir())

    def plug(self) -> float:
        """Put the cable in; returns the moment at which the sequencer knows the synth, or ALSA if there is none yet."""
        (_GADGET / "UDC").write_text(self._controller)
        wait_until(lambda: NAME in (_CLIENTS if _CLIENTS.exists() else _CARDS).read_text(), PATIENCE, "the synth")
        return monotonic()

    def unplug(self) -> None:
        """Pull it out."""
        (_GADGET / "UDC").write_text("\n")
        wait_until(lambda: NAME not in _CARDS.read_text(), PATIENCE, "the synth's card to go")


class Synth(Cable):
    """Whoever listens at the end. The `recording` goes on through all plugging; it is used under `lock`."""

    def __init__(self) -> None:
        """Not plugged in yet."""
        super().__init__()
        self.recording = Recording()
        self.lock = threading.Lock()
        self.listens = True
        """Only one can read from the cable: whoever wants another one to, stops before that is plugged in."""
        threading.Thread(target=self._listen, daemon=True).start()

    def first_onset(self, after: float, seconds: float = PATIENCE) -> float:
        """The moment of the first note that begins after that moment. Raises GuestError if there is none in time."""
        found: list[float] = []

        def played() -> bool:
            with self.lock:
                if self.recording.onsets and self.recording.onsets[-1] > after:
                    found.extend(onset for onset in self.recording.onsets if onset > after)
            return bool(found)

        wait_until(played, seconds, "a note")
        return found[0]

    def older(self, moment: float) -> int:
        """How many notes still sound that began before."""
        with self.lock:
            return sum(began < moment for began in self.recording.sounding.values())

    def silence(self) -> None:
        """Wait for what is still on its way to end all notes. Raises GuestError if some hang."""
        wait_until(lambda: not self.recording.sounding, _LAST, "the last notes to end")

    def play(self, *messages: tuple[int, int, int]) -> float:
        """Send messages from its own keyboard; returns when. Raises OSError while it is not plugged in."""
        port = os.open(self.device(), os.O_WRONLY)
        try:
            os.write(port, bytes(byte for message in messages for byte in message))
            return monotonic()
        finally:
            os.close(port)

    def device(self) -> str:
        """Return the raw device of its own end of the cable. Raises StopIteration or OSError without a cable."""
        card = next(path for path in Path("/proc/asound").glob("card*/id") if path.read_text() == "fmidi\n")
        return f"/dev/snd/midiC{card.parent.name.removeprefix('card')}D0"

    def _listen(self) -> None:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        while True:
            try:
                if not self.listens:
                    raise StopIteration
                port = os.open(self.device(), os.O_RDONLY | os.O_NONBLOCK)
            except (OSError, StopIteration):
                sleep(LOOK)
                continue
            with suppress(OSError):
                self._hear(port)
            os.close(port)
            with self.lock:
                self.recording.interrupted()

    def _hear(self, port: int) -> None:
        """Record until the card goes. Raises OSError then."""
        poll = select.poll()
        poll.register(port, select.POLLIN)
        while True:
            ((_, events),) = poll.poll()
            now = monotonic()
            if not events & select.POLLIN:
                return
            data = os.read(port, 4096)
            with self.lock:
                self.recording.feed(data, now)
