"""The loudspeaker of the guest: the kernel's loopback sound card, at whose other end is a microphone.

Law: what is told was captured as sound. The guest's own clock and the loopback's are one; how late they are together
against the world outside is not known here.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from array import array
from time import monotonic, sleep

from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError, figures, say, wait_until

RATE = 48000
_CHUNK = RATE // 100
"""Frames of two channels between two looks: 10 ms."""
_LOUD = 200
"""Of 32767: louder than silence, softer than any note."""
_FADED = 4.0
"""Seconds in which the notes of the last bar have ended and faded away."""
_QUIET = 2.0


class Microphone:
    """Hears what the loudspeaker plays, from the moment there is a card."""

    def __init__(self) -> None:
        self._heard: list[tuple[float, int]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def loud_since(self, moment: float) -> list[float]:
        """Moments after that one at which there was sound."""
        return [each for each, peak in self._heard.copy() if each > moment and peak > _LOUD]

    def first_sound(self, after: float, seconds: float = service.PATIENCE) -> float:
        """The moment of the first sound after that one. Raises GuestError if there is none in time."""
        wait_until(lambda: self.loud_since(after), seconds, "sound from the loudspeaker", 0.05)
        return self.loud_since(after)[0]

    def _listen(self) -> None:
        command = ["arecord", "-q", "-D", "plughw:CARD=Loopback,DEV=1", "-t", "raw", "-f", "S16_LE", "-r", str(RATE)]
        while True:
            process = subprocess.Popen([*command, "-c", "2"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert process.stdout is not None
            while data := process.stdout.read(4 * _CHUNK):
                samples = array("h", data)
                self._heard.append((monotonic(), max(max(samples), -min(samples))))
            sleep(0.1)


def stand_in(synth: Synth, times: int, bar: float, rng: random.Random) -> str:
    """A sound card appears while there is no synth; then synths come and go."""
    service.systemctl("restart", "bachd")
    synth.first_onset(monotonic())
    synth.unplug()
    microphone = Microphone()
    begin = monotonic()
    subprocess.run(["modprobe", "snd-aloop", "pcm_substreams=1"], check=True)
    appeared = microphone.first_sound(begin) - begin
    both, back = [], []
    for turn in range(times):
        sleep(rng.uniform(1, 2 * bar))
        plugged = synth.plug()
        begun = synth.first_onset(plugged, service.PATIENCE)
        sleep(bar + _FADED + _QUIET)
        both += [each - begun for each in microphone.loud_since(begun + bar + _FADED)]
        synth.unplug()
        pulled = monotonic()
        back.append(microphone.first_sound(pulled) - pulled)
        say(f"  turn {turn + 1}: the loudspeaker is back after {back[-1]:.2f} s")
    if both:
        raise GuestError(f"the loudspeaker sounds beside the synth: {both[:5]} s after that began")
    synth.plug()
    subprocess.run(["modprobe", "-r", "snd-aloop"], check=False)
    return f"sounds {appeared:.2f} s after the card appeared; yielded {times} of {times} times; back {figures(back)}"


def onsets(notes: int) -> str:
    """Play at random moments and capture them; returns the errors. Run by the service's Python, with the card there."""
    import numpy as np

    from bachd.midi.speaker.output import SpeakerOutput
    from bachd.midi.speaker.settings import SpeakerSettings
    from bachd.music.message import note_off, note_on
    from bachd.realtime.clock import MonotonicClock
    from bachd.realtime.lateness import Lateness
    from bachd.realtime.output import TimedMessage

    rng = random.Random(1)
    seconds = notes * 0.25 + 4
    command = ["arecord", "-q", "-D", "plughw:CARD=Loopback,DEV=1", "-t", "raw", "-f", "S16_LE", "-r", str(RATE)]
    output = SpeakerOutput(SpeakerSettings(card="Loopback"), MonotonicClock(), Lateness())
    output.set_program(115, ())  # a wood block
    recorder = subprocess.Popen([*command, "-c", "2", "-d", str(int(seconds))], stdout=subprocess.PIPE)
    recorded: list[bytes] = []
    thread = threading.Thread(target=lambda: recorded.append(recorder.communicate()[0]))
    thread.start()
    sleep(1)
    moment, due = monotonic() + 0.5, []
    for _ in range(notes):
        due.append(moment)
        sleep(max(0.0, moment - 0.2 - monotonic()))
        output.send([TimedMessage(moment, 0, note_on(0, 76, 110)), TimedMessage(moment + 0.03, 0, note_off(0, 76))])
        moment += rng.uniform(0.15, 0.3)
    thread.join()
    output.close()
    level = np.abs(np.frombuffer(recorded[0], "<i2")[::2].astype(float))
    loud = np.flatnonzero(level > 0.2 * level.max())
    heard = loud[np.diff(loud, prepend=-RATE) > 0.08 * RATE] / RATE
    if len(heard) != len(due):
        raise GuestError(f"{len(due)} notes were played, and {len(heard)} captured")
    errors = np.abs((heard - due) - np.median(heard - due)) * 1e3
    p50, p99 = np.percentile(errors, (50, 99))
    return f"{notes} notes: error p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {errors.max():.2f} ms"


if __name__ == "__main__":
    subprocess.run(["modprobe", "snd-aloop", "pcm_substreams=1"], check=True)
    say(onsets(int(sys.argv[1])))
