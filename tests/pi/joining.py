"""A synth that is plugged in late must be where it would be, had it been there from the start: sounds and clock.

Law: what counts is what came in at the synth between the cable and the first note, in its order.
"""

from __future__ import annotations

import random
from time import monotonic, sleep

from bachd.midi.reset import reset
from tests.pi import service
from tests.pi.synth import Synth
from tests.pi.waiting import GuestError, Stalls, wait_until

_SETTINGS = """\
tempo: {tempo}
seed: {{piece: bwv269, bars: 64}}
midi: {{channels: [1, 2], program: {{1: 20, 2: 49}}, bank: {{1: 8/1}}, clock: true}}
expression: {{humanise_ms: 0, ritardando: 0}}
web: null
"""
_SOUNDS = ["b00008", "b02001", "c013", "c130"]
_BEAT = 4
"""Sixteenths: the piece begins on a beat, and so does each of its bars."""
_STALL = 0.02
"""Seconds for which the machine below may stand still: as long as a clock of the music's, more than is left of the time
between two when a synth joins. An attempt in which it stood still for longer, and that failed, is void."""
_RESET = {bytes(message.bytes()) for message in reset()}


def join(synth: Synth, times: int, tempo: int, rng: random.Random) -> str:
    """Pull the cable and put it in again, so many times; then start the service without the synth, as often."""
    before, stalls, void = service.CONFIG.read_text(), Stalls(), 0
    service.CONFIG.write_text(_SETTINGS.format(tempo=tempo))
    try:
        for again in (_replug, _start_first):
            done = 0
            while done < times:
                plugged = again(synth, tempo, rng)
                try:
                    _check(synth, plugged)
                    done += 1
                except GuestError as fault:
                    void += 1
                    if stalls.longest(plugged) < _STALL or void > times:
                        name = again.__name__.strip("_")
                        raise GuestError(f"{name} {done + 1} of {times}, {void - 1} void: {fault}") from None
    finally:
        service.CONFIG.write_text(before)
        service.systemctl("restart", "bachd")
    return (
        f"bank, programs and the clock's position reached the synth before its first note, {times} of {times} times "
        f"after the cable was put in again, and {times} of {times} times where the service was there first; "
        f"{void} more times the machine stood still"
    )


def _replug(synth: Synth, tempo: int, rng: random.Random) -> float:
    service.systemctl("restart", "bachd")
    synth.first_onset(monotonic(), service.PATIENCE)
    sleep(rng.uniform(0, 240 / tempo))  # this is the random moment, and waits for nothing
    synth.unplug()
    sleep(rng.uniform(0, 240 / tempo))
    return _plug(synth)


def _start_first(synth: Synth, tempo: int, rng: random.Random) -> float:
    synth.unplug()
    service.systemctl("restart", "bachd")  # returns with the first event
    sleep(rng.uniform(0, 480 / tempo))
    return _plug(synth)


def _plug(synth: Synth) -> float:
    """Put the cable in; returns a moment before anything can have come through it."""
    moment = monotonic()
    synth.plug()
    return moment


def _check(synth: Synth, plugged: float) -> None:
    """Raises GuestError unless what came since then begins as it should."""
    synth.first_onset(plugged, service.PATIENCE)
    wait_until(lambda: _came(synth, plugged).count("f8") > 2, service.PATIENCE, "a few clocks after the note")
    came = _came(synth, plugged)
    note = next(number for number, data in enumerate(came) if data[0] == "9")
    sounds = [data for data in came[:note] if data[0] in "bc"]
    if sounds != _SOUNDS:
        raise GuestError(f"the synth was sent {sounds} before its first note, not {_SOUNDS}")
    where = [number for number, data in enumerate(came) if data[0] == "f" and data != "f8"]
    if len(where) != 2 or where[1] > note or [came[at][:2] for at in where] != ["f2", "fb"]:
        raise GuestError(f"no position and continue before the first note: {came}")
    position = int(came[where[0]][2:4], 16) | int(came[where[0]][4:6], 16) << 7
    if position % _BEAT:
        raise GuestError(f"the clock's position is {position} sixteenths, where no bar begins")
    if came[where[1] : note].count("f8") > 1:
        raise GuestError(f"the bar does not begin with the first clock after the continue: {came}")


def _came(synth: Synth, plugged: float) -> list[str]:
    """What came since the cable was put in, but for the reset, as hexadecimal digits."""
    with synth.lock:
        return [data.hex() for moment, data in synth.recording.order if moment >= plugged and data not in _RESET]
