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
_RECORD = f"arecord -q -D plughw:CARD=Loopback,DEV=1 -t raw -f S16_LE -r {RATE} -c 2".split()
_WOOD_BLOCK, _SQUARE = 115, 80
"""Programs of General MIDI: short notes that begin at once, and one that sounds for as long as it is held."""


class Microphone:
    """Hears what the loudspeaker plays, from the moment there is a card."""

    def __init__(self) -> None:
        self._heard: list[tuple[float, int]] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        threading.Thread(target=self._listen, daemon=True).start()

    def loud_since(self, moment: float) -> list[float]:
        """Moments after that one at which there was sound."""
        return [each for each, peak in self._heard.copy() if each > moment and peak > _LOUD]

    def first_sound(self, after: float, seconds: float = service.PATIENCE) -> float:
        """The moment of the first sound after that one. Raises GuestError if there is none in time."""
        wait_until(lambda: self.loud_since(after), seconds, "sound from the loudspeaker", 0.05)
        return self.loud_since(after)[0]

    def close(self) -> None:
        """Leave the card."""
        self._closed = True
        if self._process is not None:
            self._process.kill()

    def _listen(self) -> None:
        while not self._closed:
            self._process = process = subprocess.Popen(_RECORD, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            assert process.stdout is not None
            while data := process.stdout.read(4 * _CHUNK):
                samples = array("h", data)
                self._heard.append((monotonic(), max(max(samples), -min(samples))))
            sleep(0.1)


def stand_in(synth: Synth, times: int, bar: float, rng: random.Random, notes: int) -> str:
    """A sound card appears while there is no synth; then synths come and go. Then notes, by themselves."""
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
    microphone.close()
    command = [service.PYTHON, "-m", "tests.pi.loudspeaker", str(notes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    subprocess.run(["modprobe", "-r", "snd-aloop"], check=False)
    yielded = f"yielded {times} of {times} times; back {figures(back)}"
    return f"sounds {appeared:.2f} s after the card appeared; {yielded}; {done.stdout.strip()}"


def onsets(notes: int) -> str:
    """Play at random moments and capture them; returns the errors, and the gaps in a note that sounds throughout.

    Run by the service's Python, with the card there. Raises GuestError if notes are missing.
    """
    import numpy as np

    from bachd.midi.speaker.output import SpeakerOutput
    from bachd.midi.speaker.settings import SpeakerSettings
    from bachd.music.message import note_off, note_on, program_change
    from bachd.realtime import priority
    from bachd.realtime.clock import MonotonicClock
    from bachd.realtime.lateness import Lateness
    from bachd.realtime.output import TimedMessage
    from tests.pi.sound import Sound

    rng = random.Random(1)
    output = SpeakerOutput(SpeakerSettings(card="Loopback"), MonotonicClock(), Lateness())
    output.set_program(_WOOD_BLOCK, ())
    begin = monotonic() + 0.5
    output.send([TimedMessage(begin, 1, program_change(1, _SQUARE)), TimedMessage(begin, 1, note_on(1, 45, 20))])
    sleep(1)
    sound = Sound()
    recorder = subprocess.Popen(_RECORD, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert recorder.stdout is not None
    assert recorder.stderr is not None
    stdout, stderr = recorder.stdout, recorder.stderr

    def listen() -> None:
        while data := stdout.read(40 * _CHUNK):
            sound.feed(np.frombuffer(data[: len(data) & ~3], "<i2")[::2])

    thread = threading.Thread(target=listen)
    thread.start()
    sleep(1)
    priority.come_first()  # as the daemon's threads do
    moment, due = monotonic() + 0.5, []
    for _ in range(notes):
        due.append(moment)
        sleep(max(0.0, moment - 0.2 - monotonic()))
        output.send([TimedMessage(moment, 0, note_on(0, 76, 110)), TimedMessage(moment + 0.03, 0, note_off(0, 76))])
        moment += rng.uniform(0.15, 0.3)
    sleep(1)
    recorder.terminate()
    thread.join()
    output.close()
    lost = stderr.read().count(b"overrun")
    missing = 1e3 * sum(sound.gaps) / RATE
    gaps = f"{len(sound.gaps)} gaps in the sound, {missing:.0f} ms together; {lost} in the capture"
    heard = np.array(sound.begins) / RATE
    if len(heard) != len(due):
        raise GuestError(f"{len(due)} notes were played, and {len(heard)} captured; {gaps}")
    errors = np.abs((heard - due) - np.median(heard - due)) * 1e3
    p50, p99 = np.percentile(errors, (50, 99))
    late = f"error p50 {p50:.2f} ms, p99 {p99:.2f} ms, max {errors.max():.2f} ms"
    return f"{notes} notes in {due[-1] - due[0]:.0f} s: {late}; {gaps}"


if __name__ == "__main__":
    subprocess.run(["modprobe", "snd-aloop", "pcm_substreams=1"], check=True)
    say(onsets(int(sys.argv[1])))
