"""The guest as a USB MIDI instrument, and as the computer at the other end of its cable.

Law: what is told was read at the computer's side: a raw device of the USB sound card that the cable makes there. The
cable is the kernel's dummy_hcd; no time of a real USB port is known from it, and it does not tell our end that it was
pulled, so that the reset which bachd sends then is not to be had here.
"""

from __future__ import annotations

import os
import random
import select
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
_JOINING = 60.0
"""Seconds after which it has failed that a computer which is plugged in gets music: it takes a second to be seen and a
bar, but this processor is emulated, and others use it, too."""
_IGNORED = 20.0
"""Longer than the kernel waits for what is not read, and than that is left alone."""


class Computer(Synth):
    """Reads what comes out of the cable, while it `listens`."""

    def __init__(self) -> None:
        """As soon as there is something to read."""
        self.recording = Recording()
        self.lock = threading.Lock()
        self.listens = True
        threading.Thread(target=self._listen, daemon=True).start()

    def device(self) -> str:
        """The raw device of the card that the cable makes. Raises StopIteration while there is none."""
        return f"/dev/snd/midiC{_card().name.removeprefix('card')}D0"

    def _hear(self, port: int) -> None:
        poll = select.poll()
        poll.register(port, select.POLLIN)
        while self.listens:
            if poll.poll(100):
                now = monotonic()
                data = os.read(port, 4096)
                with self.lock:
                    self.recording.feed(data, now)


def _card() -> Path:
    return next(path.parent for path in _CARDS.glob("card*/midi0") if path.read_text().startswith("bachd"))


def _cable(*, is_in: bool) -> None:
    """Pull the cable or put it in: the computer's port has power, or has none."""
    (port,) = Path("/sys/bus/usb/devices").glob("usb1/1-0:1.0/usb1-port1")
    (port / "disable").write_text("0" if is_in else "1")


def instrument(synth: Synth, times: int, notes: int, rng: random.Random) -> str:
    """Switch it on, play to a computer that is pulled out and does not always read; then notes through either end."""
    synth.unplug()
    service.systemctl("stop", "bachd")
    service.CONFIG.write_text(f"tempo: 120\nmidi: {{output: {_PORT}, clock: true}}\n")
    subprocess.run(["./deploy.sh", "gadget", "on"], check=True)
    computer = Computer()
    service.systemctl("start", "bachd")
    computer.first_onset(monotonic(), service.PATIENCE)
    if not any(data == b"\xf8" for _, data in computer.recording.order):
        raise GuestError("no clock comes out of the cable")
    pulled = []
    for turn in range(times):
        sleep(rng.uniform(1, 3))
        _cable(is_in=False)
        wait_until(lambda: "bachd" not in _usb_names(), _JOINING, "the device to go")
        _cable(is_in=True)
        begin = monotonic()
        try:
            pulled.append(computer.first_onset(begin, _JOINING) - begin)
        except GuestError as fault:
            raise GuestError(f"turn {turn + 1}: {fault}; bachd plays to {service.answer('status')['output']}") from None
        say(f"  turn {turn + 1}: plugged in, {pulled[-1]:.2f} s later there is music")
    computer.listens = False
    _until_missed()
    sleep(_IGNORED)
    begin, computer.listens = monotonic(), True
    heard = computer.first_onset(begin, _JOINING) - begin
    sleep(_IGNORED)
    burst = sum(begin < onset < begin + 0.2 for onset in computer.recording.onsets)
    if older := computer.older(begin + 0.2):
        raise GuestError(f"{older} notes hang after nobody has read")
    say(f"  nobody reads: missed; read again, {burst} old notes come at once, and music within {heard:.2f} s")
    service.systemctl("stop", "bachd")
    computer.silence()
    computer.listens = synth.listens = False  # to leave the ports to who counts the notes
    say(f"  plugged in {times} of {times} times, {figures(pulled)}")
    done = subprocess.run([service.PYTHON, "-m", "tests.pi.gadget", str(notes)], stdout=subprocess.PIPE, check=True)
    subprocess.run(["./deploy.sh", "gadget", "off"], check=True)
    if Path("/sys/kernel/config/usb_gadget/bachd").exists():
        raise GuestError("gadget off has left something")
    synth.listens = True
    synth.plug()
    service.CONFIG.write_text("tempo: 120\n")
    service.systemctl("start", "bachd")
    return done.stdout.decode().strip().replace("\n", "; ")


def _until_missed() -> None:
    wait_until(lambda: "waiting" in service.answer("status")["output"], _JOINING, "the computer to be missed", 0.2)


def _usb_names() -> str:
    return "".join(path.read_text() for path in Path("/sys/bus/usb/devices").glob("*/product"))


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
    say(series(Computer(), _PORT, count))
    subprocess.run(["./deploy.sh", "gadget", "off"], check=True)
    piano = Synth()
    piano.plug()
    say(series(piano, NAME, count))
    piano.unplug()
