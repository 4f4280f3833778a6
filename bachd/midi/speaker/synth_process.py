"""Play through FluidSynth on a sound card, each message in the block of 64 samples that is nearest to its deadline.

Law: the sound card's thread waits for nothing here but a few lines of Python; whatever a soundfont, a driver or the
library does wrong ends this process alone. Every note that was begun is ended, unless this process is killed.

`python -m bachd.midi.speaker.synth_process FONT CARD GAIN` opens the sound card: CARD is as in speaker.card, or '' for
the likeliest. It writes to stdout:

    ready DRIVER RATE   it plays, through this driver of FluidSynth, at so many samples a second
    ! REASON            why it cannot play
    - card              the sound card takes no more sound; the process ends

On stdin it takes records of message_queue.py: messages, and with no bytes the moment after which all is retracted. When
stdin ends, it plays what it holds, ends what sounds, lets it fade, and exits.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import resource
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Final

from bachd import child_process
from bachd.errors import OutputError
from bachd.midi.message_queue import Due, MessageHeap, begins, read_records
from bachd.midi.speaker import libfluidsynth
from bachd.midi.speaker.libfluidsynth import BLOCK, Render, Synth
from bachd.midi.speaker.sample_clock import SampleClock
from bachd.midi.speaker.sound_card import NO_CARD, Driver, drivers
from bachd.realtime import priority

PERIOD: Final = 256
"""Frames that a card is given at once: 5.3 ms at 48 kHz. FluidSynth's own 64 wake a Pi 750 times a second."""
PERIODS: Final = 4
USUAL: Final = 48000
"""Samples a second that a card is asked for first."""
_STALE: Final = 2.0
"""Seconds after its deadline at which a note no longer begins: the card stood still, and music is not made up for."""
_STANDSTILL: Final = 3.0
"""Seconds without a call after which a card is taken to be gone."""
_GLANCE: Final = 0.02
_FADING: Final = 1.5
"""Seconds that the last notes are given to fade away."""
_SWITCH: Final = 0.0001
"""Seconds for which the card's thread may have to wait for another one's Python code."""
_SETTINGS: Final[dict[str, str | int | float]] = {
    "synth.dynamic-sample-loading": 1,  # or it loads the whole soundfont, which may have 150 MB
    "synth.polyphony": 128,
    "synth.chorus.active": 0,
    "synth.gain": 0.0,
    "audio.period-size": PERIOD,
    "audio.periods": PERIODS,
    "audio.jack.autoconnect": 1,
    "audio.jack.id": "bachd speaker",
    "audio.pulseaudio.media-role": "music",
}


class Player:
    """Plays what it is given at its deadline. FluidSynth's driver calls `render`."""

    def __init__(self, synth: Synth, rate: int) -> None:
        self.synth = synth
        self.inbox: deque[Due] = deque()
        """What was handed over and not read; no bytes stand for what is to be retracted."""
        self.calls = 0
        """How often sound was asked for."""
        self.idle = False
        """Whether nothing is to come."""
        self.releases = False
        """Whether all that sounds is to be ended when nothing is to come."""
        self._rate = rate
        self._clock = SampleClock(rate)
        self._heap = MessageHeap()
        self._sample = 0

    def render(self, _data: object, frames: int, _effects: int, _fx: Any, _channels: int, out: Any) -> int:
        """Compute so many frames of sound, and play on the way what is due in them."""
        begin = self._clock.moment(self._sample, monotonic())
        heap, inbox = self._heap, self.inbox
        while inbox:
            due, data = inbox.popleft()
            if data:
                heap.put(due, data)
            else:
                heap.retract(due)
        if self.releases and heap.next == math.inf:
            heap.release(0.0)
            self.releases = False
        left, right, done = ctypes.c_void_p(out[0]), ctypes.c_void_p(out[1]), 0
        while done < frames:
            until = min(frames, self._play_due(begin, done))
            self.synth.write(until - done, left, right, done)
            done = until
        self._sample += frames
        self.idle = not inbox and heap.next == math.inf
        self.calls += 1
        return 0

    def _play_due(self, begin: float, done: int) -> int:
        """Play what is due at a frame, and return the frame of what comes next; may be far beyond the last."""
        heap = self._heap
        while heap.next < math.inf:
            at = self._sample + (heap.next - begin) * self._rate
            frame = round(at / BLOCK) * BLOCK - self._sample
            if frame > done:
                return frame
            due, data = heap.first
            if due < begin - _STALE and begins(data):
                heap.drop()
            else:
                heap.pop()
                self.synth.play(data)
        return sys.maxsize

    def finish(self) -> None:
        """Wait until all has been played, end what still sounds, and let it fade; no longer than the card plays."""
        if self._wait(lambda: self.idle):
            self.releases = True
            end = monotonic() + _FADING
            if self._wait(lambda: not self.releases and (not self.synth.voices or monotonic() > end)):
                until = self.calls + 2 * PERIODS  # for what the card still holds
                self._wait(lambda: self.calls >= until)

    def _wait(self, done: Callable[[], bool]) -> bool:
        seen, moved = self.calls, monotonic()
        while self.calls == seen or not done():
            time.sleep(_GLANCE)
            if self.calls != seen:
                seen, moved = self.calls, monotonic()
                if done():
                    return True
            elif monotonic() - moved > _STANDSTILL:
                return False
        return True


def opened(font: Path, card: str, gain: float) -> tuple[Player, Driver, int]:
    """Return a player whose sound card asks for sound, its driver and its rate.

    card: as in speaker.card. Raises OutputError with the reason of the driver that seemed likeliest.
    """
    faults = []
    for driver in drivers(card):
        rate = USUAL
        player = _open(font, driver, gain, rate)
        if (other := libfluidsynth.card_rate()) not in (None, rate):  # it would play out of tune
            if player is not None:
                player.synth.stop()
            player = _open(font, driver, gain, rate := int(other or rate))
            if player is not None and libfluidsynth.card_rate() not in (None, rate):
                player.synth.stop()
                player = None
        if player is not None:
            return player, driver, rate
        if not driver.is_absent(libfluidsynth.complaint()):
            faults.append(driver.fault(libfluidsynth.complaint()))
    raise OutputError(faults[0] if faults else NO_CARD)


def _open(font: Path, driver: Driver, gain: float, rate: int) -> Player | None:
    """Return a player on a driver's sound card, or None if that cannot be opened."""
    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    granted = os.geteuid() == 0 or resource.RLIM_INFINITY in (soft, hard) or soft >= priority.SENDING
    settings = {
        **_SETTINGS,
        **driver.settings,
        "audio.driver": driver.name,
        "synth.sample-rate": float(rate),
        "audio.realtime-prio": priority.SENDING if granted else 0,
    }
    libfluidsynth.forget()
    player = Player(Synth(settings, font, gain), rate)
    return player if player.synth.start(Render(player.render)) else None


def _write_line(*words: str) -> None:
    sys.stdout.write(f"{' '.join(words)}\n")
    sys.stdout.flush()


def _watch(player: Player) -> None:
    """End this process when the card takes no more sound."""
    seen, moved = player.calls, monotonic()
    while monotonic() - moved < _STANDSTILL:
        time.sleep(_STANDSTILL / 10)
        if player.calls != seen:
            seen, moved = player.calls, monotonic()
    _write_line("-", "card")
    os._exit(0)


def main(font: str, card: str, gain: str) -> None:
    """Play until stdin ends."""
    child_process.ignore_signals()
    gc.disable()
    sys.setswitchinterval(_SWITCH)
    try:
        player, driver, rate = opened(Path(font), card, float(gain))
    except OutputError as fault:
        _write_line("!", str(fault))
        return
    threading.Thread(target=_watch, args=(player,), daemon=True).start()
    priority.come_first()
    _write_line("ready", driver.name, str(rate))
    for due, data in read_records(sys.stdin.buffer):
        if data:
            player.synth.prepare(data)
        player.inbox.append((due, data))
    player.finish()
    sys.stdout.flush()
    os._exit(0)  # a driver may wait for ever


if __name__ == "__main__":
    main(*sys.argv[1:])
