"""Somebody plays on the synth's own keyboard: bachd harmonises, answers, and lets go when the cable is pulled.

Law: keys and harmony pass through the same USB cable, the kernel's sequencer and the whole service. The synth does not
send back what it receives, so that all that it hears is bachd's.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep

from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError, figures, wait_until

_SETTINGS = "together: {mode}\ntempo: 90\nexpression: {{humanise_ms: 0, ritardando: 0}}\n"
_TUNE = (67, 69, 71, 72, 71, 69, 67)
_QUARTER = 60 / 90
_ON, _OFF, _VELOCITY = 0x90, 0x80, 80


def play_along(synth: Synth, times: int) -> str:
    """Harmonise a tune so many times, pull the cable with a key down, and answer a phrase."""
    before = service.CONFIG.read_text()
    delays = _harmonise(synth, times)
    _pull_with_a_key_down(synth)
    delays += _harmonise(synth, 1)
    answered = _answer(synth)
    service.CONFIG.write_text(before)
    service.systemctl("restart", "bachd")
    synth.first_onset(monotonic(), service.PATIENCE)
    return f"the harmony came after {figures(delays)}, the answer {answered:.1f} s after the phrase; 0 notes hang"


def _harmonise(synth: Synth, times: int) -> list[float]:
    """Play a tune; return how long after each key the first note under it began, in seconds."""
    _listen(synth, "harmonise")
    delays = []
    for _ in range(times):
        for pitch in _TUNE:
            struck = synth.play((_ON, pitch, _VELOCITY))
            delays.append(synth.first_onset(struck, service.PATIENCE) - struck)
            sleep(0.3)
            synth.play((_OFF, pitch, 0))
            wait_until(lambda: not synth.recording.sounding, service.PATIENCE, "the harmony to end with its key")
    return delays


def _pull_with_a_key_down(synth: Synth) -> None:
    struck = synth.play((_ON, 72, _VELOCITY))
    synth.first_onset(struck, service.PATIENCE)
    synth.unplug()
    synth.plug()
    wait_until(lambda: not synth.recording.sounding, service.PATIENCE, "a reset of the synth that is back")


def _answer(synth: Synth) -> float:
    """Play a phrase; return how long after its end the answer began, in seconds."""
    _listen(synth, "answer")
    ended = 0.0
    for pitch in _TUNE:
        synth.play((_ON, pitch, _VELOCITY))
        sleep(0.8 * _QUARTER)
        ended = synth.play((_OFF, pitch, 0))
        sleep(0.2 * _QUARTER)
    began = synth.first_onset(ended, service.PATIENCE) - ended
    if began < _QUARTER:
        raise GuestError(f"the answer began {began:.2f} s after the phrase, though a quarter of silence comes first")
    synth.play((_ON, 60, _VELOCITY), (_OFF, 60, 0))  # it yields at once
    synth.silence()
    return began


def _listen(synth: Synth, mode: str) -> None:
    """Start the service anew, in a mode, and wait until it listens."""
    service.CONFIG.write_text(_SETTINGS.format(mode=mode))
    service.systemctl("restart", "bachd")
    wait_until(lambda: "bachd in" in _clients(), service.PATIENCE, "bachd to listen")
    wait_until(lambda: not synth.recording.sounding, service.PATIENCE, "silence before anybody plays")
    sleep(2.0)  # it opens the network


def _clients() -> str:
    return Path("/proc/asound/seq/clients").read_text(encoding="utf-8")
