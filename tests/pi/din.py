"""DIN sockets in the guest: a pseudo-terminal stands for the UART, and what comes out of it is read as a synth would.

Law: the sequencer and its queue are the kernel's; no time of a real UART is known from here.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
from time import monotonic, sleep

from tests.pi import service
from tests.pi.recording import Recording
from tests.pi.waiting import GuestError, wait_until

_LISTENING = 10.0
"""Seconds of music."""


class DinSynth:
    """What is at the other end of the UART."""

    def __init__(self) -> None:
        """Heard from now on."""
        self._other, self._ours = os.openpty()
        self.device = os.ttyname(self._ours)
        self.recording = Recording()
        self.bytes = bytearray()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            select.select([self._other], [], [])
            data = os.read(self._other, 4096)
            self.bytes += data
            self.recording.feed(data, monotonic())


def play() -> str:
    """Play through the bridge, and stop by force."""
    synth = DinSynth()
    service.systemctl("stop", "bachd")
    service.CONFIG.write_text("tempo: 120\nmidi: {output: DIN}\n")
    bridge = subprocess.Popen([service.PYTHON, "-m", "bachd.midi.din.bridge", synth.device])
    try:
        service.systemctl("start", "bachd")
        wait_until(lambda: synth.recording.onsets, service.PATIENCE, "a note")
        if "DIN" not in service.answer("status")["output"]:
            raise GuestError(f"bachd plays to {service.answer('status')['output']}")
        sleep(_LISTENING)
        service.systemctl("kill", "--signal=KILL", "--kill-whom=all", "bachd")
        service.systemctl("stop", "bachd")
        wait_until(lambda: not synth.recording.sounding, service.PATIENCE, "the notes to end")
    finally:
        bridge.terminate()
        bridge.wait(service.PATIENCE)
    notes, statuses = len(synth.recording.notes), sum(byte & 0xE0 == 0x80 for byte in synth.bytes)
    if notes < 20 or statuses > notes / 2:
        raise GuestError(f"{notes} beginnings and ends of notes came with {statuses} statuses")
    service.CONFIG.write_text("tempo: 120\n")
    service.systemctl("start", "bachd")
    return f"{notes} beginnings and ends of notes with {statuses} statuses; none hangs after bachd was killed"
