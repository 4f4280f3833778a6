"""Measure how punctually notes sound when FluidSynth plays: `python -m bench.loudspeaker`.

Law: what is measured is sound, captured by a client that shares nothing with the synth but the sound server. Notes are
at random moments, all of one pitch and velocity, and short. An onset is the first sample of a note that reaches a fifth
of its peak; what all onsets are late by is the latency, the rest is the error. "xruns" is how often the sound server
reported that it or a client was late; `--notes 25700 --ways library --periods 256` takes an hour.

The sound server is a JACK of its own on the dummy driver.

    library   bachd's own way: FluidSynth's library asks for notes in each period (midi/speaker/)
    process   the fluidsynth program, with a command for each note on its stdin, written at the deadline
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from bachd.midi.speaker import soundfont
from bachd.midi.speaker.output import SpeakerOutput
from bachd.midi.speaker.settings import SpeakerSettings
from bachd.music.message import Message, note_off, program_change
from bachd.realtime import priority
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from bachd.summary_statistics import percentiles
from bench.jack_server import server
from bench.loudspeaker import PITCH, VELOCITY, WOOD_BLOCK
from bench.loudspeaker.capture import Capture, capturing

_LEAD: Final = 0.05
"""Seconds by which notes are handed over, as bachd does."""
_SPACING: Final = (0.11, 0.17)
_LENGTH: Final = 0.03
_WINDOW: Final = (0.02, 0.08)
"""Seconds before and after its deadline in which a note is looked for."""
_SHARE: Final = 0.2
_QUIET: Final = 1e-3


def lateness(due: Sequence[float], captured: Capture) -> list[float]:
    """Return how late each note begins that is there, in seconds."""
    found = []
    for moment in due:
        moments, sound = captured.between(moment - _WINDOW[0], moment + _WINDOW[1])
        level = np.abs(sound)
        if len(level) and (peak := level.max()) > _QUIET:
            found.append((peak, float(moments[np.argmax(level > _SHARE * peak)] - moment)))
    usual = np.median([peak for peak, _ in found]) if found else 0.0
    return [late for peak, late in found if peak > _SHARE * usual]


def figures(due: Sequence[float], late: Sequence[float]) -> dict[str, Any]:
    """Return how many notes were missed, and the latency and the errors in milliseconds."""
    middle = float(np.median(late)) if late else 0.0
    return {
        "notes": len(due),
        "missed": len(due) - len(late),
        "latency": round(1e3 * middle, 3),
        **percentiles([1e3 * abs(each - middle) for each in late]),
    }


def schedule(notes: int, rng: Random) -> list[float]:
    """Return deadlines in seconds, from 0 on."""
    moment, found = 0.0, []
    for _ in range(notes):
        found.append(moment)
        moment += rng.uniform(*_SPACING)
    return found


@contextmanager
def library(font: Path) -> Iterator[Callable[[float, bool], None]]:
    """Play through bachd's output; yields what plays a note, or ends it, at a moment."""
    output = SpeakerOutput(SpeakerSettings(soundfont=str(font)), MonotonicClock(), Lateness())
    output.send([TimedMessage(time.monotonic(), 0, program_change(0, WOOD_BLOCK))])
    priority.come_first()  # as the daemon's threads do

    def play(moment: float, begins: bool) -> None:
        message = Message(bytes((0x90, PITCH, VELOCITY))) if begins else note_off(0, PITCH)
        time.sleep(max(0.0, moment - _LEAD - time.monotonic()))
        output.send([TimedMessage(moment, 0, message)])

    try:
        yield play
    finally:
        output.close()


@contextmanager
def process(font: Path) -> Iterator[Callable[[float, bool], None]]:
    """Play through the program, with commands on its stdin."""
    command: list[str | Path] = [
        "fluidsynth",
        "-q",
        "-a",
        "jack",
        "-j",
        "-z",
        "64",
        "-o",
        "audio.jack.id=bachd speaker",
        font,
    ]
    command.append(font)
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert isinstance(child.stdin, io.BufferedWriter)
    stdin = child.stdin
    stdin.write(f"prog 0 {WOOD_BLOCK}\n".encode())
    stdin.flush()
    priority.take()

    def play(moment: float, begins: bool) -> None:
        line = f"noteon 0 {PITCH} {VELOCITY}\n" if begins else f"noteoff 0 {PITCH}\n"
        priority.punctually(moment, ())
        stdin.write(line.encode())
        stdin.flush()

    try:
        yield play
    finally:
        child.kill()
        child.wait()


WAYS: Final = {"library": library, "process": process}


def measure(way: str, font: Path, notes: int, rng: Random) -> dict[str, Any]:
    """Play and capture; returns the figures of one way."""
    due: list[float] = []
    with WAYS[way](font) as play, capturing() as ear:
        begin = time.monotonic() + 1
        for moment in schedule(notes, rng):
            due.append(begin + moment)
            play(begin + moment, True)
            play(begin + moment + _LENGTH, False)
        time.sleep(0.5)
        captured = ear()
    return {**figures(due, lateness(due, captured)), "xruns": captured.xruns}


def main() -> None:
    """Print a line for each way and condition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=300)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--periods", type=int, nargs="+", default=[64, 256, 1024], help="of JACK, in frames")
    parser.add_argument("--font", type=Path, help="the soundfont; without it, the system's")
    options = parser.parse_args()
    font = soundfont.find(options.font)
    for period in options.periods:
        with server(period):
            for way in options.ways:
                found = {"period": period, "way": way, **measure(way, font, options.notes, Random(period))}
                sys.stdout.write("  ".join(f"{name} {value}" for name, value in found.items()) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
