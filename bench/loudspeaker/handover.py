"""Plug a synth in and out while the loudspeaker plays, and see where each note sounds.

`python -m bench.loudspeaker.handover` prints how many notes sounded where.

Law: what is counted was captured, as sound from the loudspeaker and as MIDI at the synth, by clients that share nothing
with bachd but the JACK server. A note sounds at the synth or at the loudspeaker, never at both; which of them it is
changes with the first note of a bar.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any, Final

import numpy as np

from bachd.midi.ports import open_outputs
from bachd.music.message import note_off, note_on
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from bench.jack_server import server
from bench.loudspeaker import PITCH, VELOCITY, WOOD_BLOCK
from bench.loudspeaker.capture import Capture, capturing

_LEAD: Final = 0.2
_APART: Final = 0.15
_BAR: Final = 8
"""Notes in a bar."""
_NEAR: Final = 0.06
"""Seconds around its deadline in which a note is looked for."""
_SYNTH: Final = """
import sys, time
from bench.jackclient import Client
client = Client()
ahead = client.now - time.monotonic()
sys.stdin.read()
print(*(moment - ahead for moment, data in client.heard if data[0] & 0xF0 == 0x90 and data[2]))
"""


class Synth:
    """A JACK client that notes when it was told to begin a note."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", _SYNTH]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def unplug(self) -> list[float]:
        """Be gone; returns the moments, in monotonic seconds."""
        return [float(each) for each in self._process.communicate()[0].split()]


def perform(turns: int) -> tuple[list[float], list[float], Capture]:
    """Play while a synth comes and goes. Returns deadlines, moments at the synth, and what was captured."""
    outputs = open_outputs(["auto"], MonotonicClock(), Lateness())
    outputs.set_sound(outputs.outputs[-1].settings, WOOD_BLOCK, ())  # type: ignore[attr-defined]
    due: list[float] = []
    ending = threading.Event()

    def play() -> None:
        moment = time.monotonic() + _LEAD
        while not ending.is_set():
            time.sleep(max(0.0, moment - _LEAD - time.monotonic()))
            if len(due) % _BAR == 0:
                outputs.bar(moment)
            on, off = note_on(0, PITCH, VELOCITY), note_off(0, PITCH)
            outputs.send([TimedMessage(moment, 0, on), TimedMessage(moment + 0.03, 0, off)])
            due.append(moment)
            moment += _APART

    def poll() -> None:
        while not ending.wait(0.5):
            outputs.poll()

    threads = [threading.Thread(target=each) for each in (play, poll)]
    with capturing() as ear:
        for thread in threads:
            thread.start()
        at_synth: list[float] = []
        for turn in range(turns):
            time.sleep(3 + turn % 7 * 0.17)
            synth = Synth()
            time.sleep(8.5 + turn % 5 * 0.23)
            at_synth += synth.unplug()
        time.sleep(3)
        captured = ear()
    ending.set()
    for thread in threads:
        thread.join()
    outputs.close()
    return due, at_synth, captured


def where(due: float, at_synth: Any, captured: Capture, threshold: float) -> str:
    """Return where a note sounded."""
    _, sound = captured.between(due - 0.01, due + _NEAR)
    loud = len(sound) > 0 and np.abs(sound).max() > threshold
    near = len(at_synth) > 0 and np.abs(at_synth - due).min() < _NEAR
    return {(True, True): "both", (True, False): "loudspeaker", (False, True): "synth"}.get(
        (bool(loud), bool(near)), "none"
    )


def main() -> None:
    """Print how many notes sounded where, and how many hand-overs were on the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=20)
    options = parser.parse_args()
    with server(256):
        due, at_synth, captured = perform(options.turns)
    first, last = captured.begins[[0, -1]]
    kept = [index for index, each in enumerate(due) if first + 1 < each < last - 1]
    threshold = 0.2 * np.abs(captured.sound).max()
    places = {index: where(due[index], np.array(at_synth), captured, threshold) for index in kept}
    sounded = [index for index in kept if places[index] != "none"]
    for place in ("synth", "loudspeaker"):
        pairs = itertools.pairwise(sounded)
        began = [index for before, index in pairs if places[index] == place != places[before]]
        on_bar = sum(index % _BAR == 0 for index in began)
        sys.stdout.write(f"to the {place}: {len(began)} times, {on_bar} of them on the bar\n")
    sys.stdout.write(f"{len(kept)} notes: {dict(Counter(places.values()))}\n")


if __name__ == "__main__":
    main()
