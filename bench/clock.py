"""Measure how well bachd follows a MIDI clock, and how evenly it sends one: `python -m bench.clock`.

Law: master and listener are one JACK client that shares nothing with bachd but the server, so both go by the same
clock; what is printed is what it saw, idle and with two busy processes.

That clock is JACK's time, never its frames: a loaded machine's dummy driver leaves frames out, as no card does.

The master sends 24 clocks a quarter, each up to a millisecond late or early, and changes its tempo every four bars. A
note's error is the time from where its tick lies on the master's own even grid to where it was received.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import mido

from bachd import child_process
from bachd.service.progress import tell
from bachd.summary_statistics import percentile
from bench.conditions import CONDITIONS
from bench.jackclient import Client

TICKS = 24
STEPS = (60, 180, 90, 120, 180, 60, 140, 100)
"""Quarter notes a minute, one after the other."""
BARS = 4
SETTLING = 1.0
"""Beats after a step that are counted apart."""
NEAR = 2.0
"""Milliseconds within which a note is in phase."""
FAR = 250.0
"""Milliseconds by which a note that is off has missed its place in the bar."""
BPM = 97.3
"""Of the clock that bachd sends."""
CONFIG = """\
tempo: {tempo}
seed: {{piece: bwv269, rng: 5}}
midi: {{output: [jack, 'file:out.mid'], clock: {clock}}}
expression: {{swing: 50, humanise_ms: 0, ritardando: 0}}
web: null
"""
Heard = Sequence[tuple[float, bytes]]


@dataclass(frozen=True)
class Followed:
    """Timing of notes that followed a clock."""

    errors: list[float]
    """Milliseconds, without their sign, from a beat after each step on; in order."""
    relock: float
    """Beats after a step until all was in phase again, at most."""
    faults: tuple[int, int, int, int]
    """Notes that missed their place, were lost, doubled, and left hanging."""


@dataclass(frozen=True)
class Sent:
    """Timing of a clock."""

    errors: list[float]
    """Milliseconds, without their sign, of the time from one to the next; in order."""
    drift: float
    """Milliseconds, from the first to the last."""


@contextmanager
def bachd(folder: Path, tempo: object, clock: str) -> Iterator[None]:
    """A bachd that plays through JACK and into out.mid."""
    (folder / "config.yaml").write_text(CONFIG.format(tempo=tempo, clock=clock))
    process = child_process.start(
        "bachd", "run", "--config", "config.yaml", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, folder=folder
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        child_process.end(process, 20)


def grid(bars: int) -> tuple[list[float], list[int]]:
    """Seconds from a master's first clock to each, and the indices at which its tempo changes."""
    moments: list[float] = []
    steps: list[int] = []
    now = 0.0
    for bpm in STEPS:
        steps.append(len(moments))
        for _ in range(bars * 4 * TICKS):
            moments.append(now)
            now += 60.0 / (bpm * TICKS)
    return moments, steps


def follow(client: Client, folder: Path, bars: int, jitter_ms: float) -> Followed:
    """Let bachd follow."""
    random = Random(1)
    ideal, steps = grid(bars)
    client.heard.clear()
    with bachd(folder, "clock", "false"):
        client.connect("bench:clock", "bachd clock:in")
        client.connect("bachd:bachd", "bench:heard")
        time.sleep(1.0)
        start = client.now + 1.0
        sent = sorted(start + moment + random.uniform(-jitter_ms, jitter_ms) / 1e3 for moment in ideal)
        client.to_send.extend([(start - 0.01, b"\xfa"), *((moment, b"\xf8") for moment in sent)])
        while client.to_send:
            time.sleep(0.1)
        client.to_send.append((client.now + 0.1, b"\xfc"))
        time.sleep(0.5)
    heard = [(moment - start, data) for moment, data in client.heard if data[0] & 0xF0 in (0x80, 0x90)]
    ons = [(moment, data[1]) for moment, data in heard if data[0] & 0xF0 == 0x90]
    written = recorded(folder / "out.mid")
    # Music that begins with an upbeat begins within the master's first bar.
    upbeat = min(range(4 * TICKS), key=lambda tick: abs(ideal[tick] - ons[0][0])) - written[0][0]
    places = [(tick + upbeat, moment) for (moment, _), (tick, _) in zip(ons, written, strict=False)]
    errors = [(tick, 1e3 * abs(moment - ideal[tick])) for tick, moment in places if tick < len(ideal)]
    settled, relocks = [], [0.0]
    for step, end in pairwise([*steps, len(ideal)]):
        section = [((tick - step) / TICKS, error) for tick, error in errors if step <= tick < end]
        settled += [error for beats, error in section if beats >= SETTLING]
        relocks.append(max([beats for beats, error in section if error > NEAR and step > 0], default=0.0))
    same = [note for _, note in ons][: len(written)] == [note for _, note in written][: len(ons)]
    apart = abs(len(ons) - len(written))  # what was in hand at the end is in one of them
    missed, lost = sum(error > FAR for _, error in errors), 0 if same and apart <= 8 else max(1, apart)
    return Followed(sorted(settled), max(relocks), (missed, lost, *doubled_and_hanging(heard)))


def recorded(path: Path) -> list[tuple[int, int]]:
    """The notes of a .mid that bachd has written: ticks, 24 a quarter, and numbers."""
    tick, written = 0, []
    for message in mido.MidiFile(path).tracks[0]:
        tick += message.time
        if message.type == "note_on":
            written.append((tick // 20, message.note))
    return written


def doubled_and_hanging(heard: Heard) -> tuple[int, int]:
    """Count notes that began while they sounded, and those that still sound at the end."""
    sounding: list[tuple[int, int]] = []
    doubled = 0
    for _, data in heard:
        key = (data[0] & 0x0F, data[1])
        if data[0] & 0xF0 == 0x90:
            doubled += key in sounding
            sounding.append(key)
        elif key in sounding:
            sounding.remove(key)
    return doubled, len(sounding)


def send(client: Client, folder: Path, bpm: float, seconds: float) -> Sent:
    """Let bachd send a clock."""
    client.heard.clear()
    with bachd(folder, bpm, "true"):
        client.connect("bachd:bachd", "bench:heard")
        time.sleep(seconds + 1.0)
    clocks = [moment for moment, data in client.heard if data[0] == 0xF8]
    ideal = 60.0 / (bpm * TICKS)
    errors = sorted(1e3 * abs(later - earlier - ideal) for earlier, later in pairwise(clocks))
    return Sent(errors, 1e3 * (clocks[-1] - clocks[0] - ideal * (len(clocks) - 1)))


def spread(errors: Sequence[float]) -> str:
    """Percentiles, for people."""
    return " / ".join(f"{percentile(errors, share):.3f}" for share in (0.5, 0.99, 1.0))


def settling(found: Followed) -> str:
    """Return the number of notes, and how soon they were in phase."""
    return f"{len(found.errors)}; {found.relock:.2f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.clock", description=__doc__)
    parser.add_argument("--bars", type=int, default=BARS, help="bars at each tempo (%(default)s)")
    parser.add_argument("--jitter", type=float, default=1.0, help="of the master's clocks, in ms (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of clock out (%(default)s)")
    options = parser.parse_args()
    client = Client()
    conditions = ("idle", "two busy processes")
    followed, sent = [], []
    with tempfile.TemporaryDirectory() as name:
        for condition in conditions:
            with CONDITIONS[condition]():
                tell(f"{condition}: following")
                followed.append(follow(client, Path(name), options.bars, options.jitter))
                tell(f"{condition}: sending")
                sent.append(send(client, Path(name), BPM, options.seconds))
    tell("")
    client.close()
    title = f"clock in, {options.jitter:g} ms of jitter, {', '.join(map(str, STEPS))} bpm"
    rows = [
        ("ms: p50 / p99 / max", *conditions),
        ("---",) * (1 + len(conditions)),
        (f"{title}: phase after the first beat", *(spread(each.errors) for each in followed)),
        ("of so many notes; in phase so many beats after a step", *map(settling, followed)),
        ("missed, lost, doubled, hanging", *(", ".join(map(str, each.faults)) for each in followed)),
        (f"clock out at {BPM:g} bpm: from one to the next", *(spread(each.errors) for each in sent)),
        ("clocks; drift, ms", *(f"{len(each.errors) + 1}; {each.drift:+.3f}" for each in sent)),
    ]
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
