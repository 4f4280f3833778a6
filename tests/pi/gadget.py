"""The guest as a USB MIDI instrument, and as the computer at the other end of its cable.

Law: what is told was read at the computer's side: a raw device of the USB sound card that the cable makes there. The
cable is the kernel's dummy_hcd; no time of a real USB port is known from it.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from tests.pi import service
from tests.pi.recording import Recording
from tests.pi.synth import NAME, Synth
from tests.pi.waiting import GuestError, figures, say, wait_until

_PORT = "f_midi"
_CARDS = Path("/proc/asound")
_JOINING = 20.0
"""Seconds within which a computer that is plugged in gets music: a second to be seen, and a bar."""


class Computer(Synth):
    """Reads what comes out of the cable."""

    def __init__(self) -> None:
        """As soon as there is something to read."""
        self.recording = Recording()
        self.lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def device(self) -> str:
        """The raw device of the card that the cable makes. Raises StopIteration while there is none."""
        card = next(path.parent for path in _CARDS.glob("card*/midi0") if path.read_text().startswith("bachd"))
        return f"/dev/snd/midiC{card.name.removeprefix('card')}D0"


def _pull() -> float:
    _soft("disconnect")
    return monotonic()


def _soft(word: str) -> None:
    (port,) = Path("/sys/class/udc").iterdir()
    (port / "soft_connect").write_text(word)


def instrument(synth: Synth, times: int, notes: int, rng: random.Random) -> str:
    """Switch it on, play to a computer, pull the cable; then so many notes through either end."""
    synth.unplug()
    service.CONFIG.write_text(f"tempo: 120\nmidi: {{output: {_PORT}, clock: true}}\n")
    subprocess.run(["./deploy.sh", "gadget", "on"], check=True)
    computer = Computer()
    service.systemctl("restart", "bachd")
    computer.first_onset(monotonic(), service.PATIENCE)
    if not any(data == b"\xf8" for _, data in computer.recording.order):
        raise GuestError("no clock comes out of the cable")
    back = []
    for turn in range(times):
        sleep(rng.uniform(1, 4))
        pulled = _pull()
        wait_until(lambda: "waiting" in service.answer("status")["output"], _JOINING, "the cable to be missed", 0.2)
        _soft("connect")
        back.append(computer.first_onset(pulled, _JOINING) - pulled)
        with computer.lock:
            computer.recording.sounding = {k: at for k, at in computer.recording.sounding.items() if at > pulled}
        say(f"  turn {turn + 1}: music comes out again {back[-1]:.2f} s after the cable was pulled")
    service.systemctl("stop", "bachd")
    computer.silence()
    command = [service.PYTHON, "-m", "tests.pi.gadget", str(notes)]
    subprocess.run(command, check=True)
    subprocess.run(["./deploy.sh", "gadget", "off"], check=True)
    if Path("/sys/kernel/config/usb_gadget/bachd").exists():
        raise GuestError("gadget off has left something")
    synth.plug()
    service.systemctl("start", "bachd")
    return f"{times} of {times} cables back, {figures(back)}"


def series(listener: Synth, name: str, notes: int) -> str:
    """Play notes at random moments to a port; returns how late each came out of the cable."""
    import numpy as np

    from bachd.midi.ports import open_outputs
    from bachd.music.message import note_off, note_on
    from bachd.realtime import priority
    from bachd.realtime.clock import MonotonicClock
    from bachd.realtime.lateness import Lateness
    from bachd.realtime.output import TimedMessage

    rng = random.Random(1)
    outputs = open_outputs([name], MonotonicClock(), Lateness())
    priority.come_first()
    moment, due = monotonic() + 0.5, []
    for number in range(notes):
        due.append(moment)
        sleep(max(0.0, moment - 0.1 - monotonic()))
        note = 36 + number % 48
        outputs.send(
            [TimedMessage(moment, 0, note_on(0, note, 64)), TimedMessage(moment + 0.004, 0, note_off(0, note))]
        )
        moment += rng.uniform(0.008, 0.03)
    with suppress(GuestError):
        wait_until(lambda: len(listener.recording.onsets) >= notes, 5, "the last note")
    outputs.close()
    heard = listener.recording.onsets
    if len(heard) != notes:
        raise GuestError(f"{name}: {notes} notes were sent, and {len(heard)} came out of the cable")
    p50, p99 = np.percentile((np.array(heard) - np.array(due)) * 1e3, (50, 99))
    return f"{name}: {notes} of {notes} notes, late by p50 {p50:.2f} ms, p99 {p99:.2f} ms"


if __name__ == "__main__":
    count = int(sys.argv[1])
    say("  " + series(Computer(), _PORT, count))
    subprocess.run(["./deploy.sh", "gadget", "off"], check=True)
    piano = Synth()
    piano.plug()
    say("  " + series(piano, NAME, count))
    piano.unplug()
