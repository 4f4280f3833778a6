"""python -m bench.together: whether any note hangs when somebody plays with bachd, and how soon the others join in.

Law: who plays and listens is this process, through JACK, and shares nothing with bachd but the server. bachd is the
whole daemon, as `bachd run` starts it. What sounds at the listener after the last key was let go, hangs.

First single notes are played, and the frames counted from each to the first note of the harmony. Then notes, pedals and
controllers come at random, as fast as no hand plays, while the mode changes and the keyboard is unplugged with keys
down.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import jack

from bachd.summary_statistics import percentile
from bench.jack_server import server

EVENTS: Final = 20_000
NOTES: Final = 300
_MODES: Final = 100
_UNPLUGGED: Final = 20
_PATIENCE: Final = 20.0
"""Seconds in which bachd has to be ready, or a harmony to come."""
_SETTLED: Final = 3.0
"""Seconds after the last key until what sounds is looked at: the mode may change only now."""
_PAUSE: Final = 0.002
"""Seconds between two events, in the mean."""
_CONFIG: Final = """\
together: harmonise
midi:
  output: '{name}:in'
  input: '{name}:out'
  controls:
    note C-1: together none
    note C#-1: together harmonise
    note D-1: together duet
    note D#-1: together answer
    cc 20: tempo 60 to 180
    cc 21: freeze
web: null
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    delays: list[float]
    """Milliseconds from each single note to the first one under it."""
    heard: int
    """Messages that came from bachd."""
    hanging: int
    """Notes that sounded at the end."""
    tracebacks: int
    grown: int
    """Kilobytes of memory by which bachd is larger after the events than before."""


class Somebody:
    """A JACK client that plays and listens."""

    def __init__(self, name: str) -> None:
        self._client = jack.Client(name, no_start_server=True)
        self._in = self._client.midi_inports.register("in")
        self._out = self._client.midi_outports.register("out")
        self._to_play: deque[bytes] = deque()
        self.played: list[tuple[int, bytes]] = []
        """Frames and messages."""
        self.heard: list[tuple[int, bytes]] = []
        self._client.set_process_callback(self._cycle)
        self._client.activate()
        self.rate = int(self._client.samplerate)

    def play(self, *messages: bytes) -> None:
        """Play in the next cycle."""
        self._to_play.extend(messages)

    def unplug(self) -> None:
        """Take the keyboard's port away, and plug it in again."""
        self._out, out = None, self._out
        out.unregister()
        self._out = self._client.midi_outports.register("out")

    def wait_for_cable(self) -> None:
        """Wait until bachd listens and plays."""
        end = time.monotonic() + _PATIENCE
        while not (self._out.number_of_connections and self._in.number_of_connections):
            if time.monotonic() > end:
                raise TimeoutError("bachd has not connected itself")
            time.sleep(0.02)

    @property
    def sounding(self) -> int:
        """How many notes sound."""
        found: set[tuple[int, int]] = set()
        for _, data in self.heard:
            if data[0] & 0xF0 == 0x90 and data[2]:
                found.add((data[0] & 15, data[1]))
            elif data[0] & 0xE0 == 0x80:
                found.discard((data[0] & 15, data[1]))
            elif data[0] & 0xF0 == 0xB0 and data[1] in (120, 123):
                found = {key for key in found if key[0] != data[0] & 15}
        return len(found)

    def close(self) -> None:
        """Be gone."""
        self._client.deactivate()
        self._client.close()

    def _cycle(self, _: int) -> None:
        frame = self._client.last_frame_time
        self.heard += [(frame + offset, bytes(data)) for offset, data in self._in.incoming_midi_events()]
        if (out := self._out) is not None:
            out.clear_buffer()
            for _ in range(min(8, len(self._to_play))):
                data = self._to_play.popleft()
                out.write_midi_event(0, data)
                self.played.append((frame, data))


@contextmanager
def daemon(name: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """bachd, playing with `name`; what it says is in the folder's file 'log'."""
    (folder / "config.yaml").write_text(_CONFIG.format(name=name))
    environment = {**os.environ, "RUNTIME_DIRECTORY": str(folder), "STATE_DIRECTORY": str(folder)}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "bachd", "run"], cwd=folder, env=environment, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_PATIENCE)


def delays(somebody: Somebody, notes: int, rng: Random) -> list[float]:
    """Play single notes; returns the milliseconds from each to the first note under it."""
    found = []
    for _ in range(notes):
        note = rng.randrange(64, 80)
        heard = len(somebody.heard)
        somebody.play(bytes((0x90, note, 80)))
        end = time.monotonic() + _PATIENCE
        while not any(data[0] & 0xF0 == 0x90 for _, data in somebody.heard[heard:]):
            if time.monotonic() > end:
                raise TimeoutError("nothing is heard under a note")
            time.sleep(0.001)
        began = next(frame for frame, data in reversed(somebody.played) if data[0] == 0x90)
        answered = next(frame for frame, data in somebody.heard[heard:] if data[0] & 0xF0 == 0x90)
        found.append(1e3 * (answered - began) / somebody.rate)
        time.sleep(rng.uniform(0.05, 0.15))
        somebody.play(bytes((0x80, note, 0)))
        time.sleep(rng.uniform(0.03, 0.1))
    return found


def rage(somebody: Somebody, events: int, rng: Random) -> None:
    """Play anything, with changes of the mode, and unplug the keyboard now and then."""
    for number in range(1, events + 1):
        if number % max(1, events // _MODES) == 0:
            mode = rng.randrange(4)
            somebody.play(bytes((0x90, mode, 64)), bytes((0x80, mode, 0)))
        if number % max(1, events // _UNPLUGGED) == 0:
            somebody.play(*(bytes((0x90, note, 90)) for note in rng.sample(range(50, 80), 4)))
            time.sleep(0.05)
            somebody.unplug()
            somebody.wait_for_cable()
        kind, channel = rng.choice((0x80, 0x80, 0x90, 0x90, 0x90, 0xB0, 0xE0)), rng.randrange(3)
        first = rng.choice((1, 20, 21, 64, 64, 66, 123)) if kind == 0xB0 else rng.randrange(30, 100)
        somebody.play(bytes((kind | channel, first, rng.randrange(128))))
        time.sleep(rng.expovariate(1 / _PAUSE))


def measure(events: int, notes: int, seed: int, period: int = 64) -> Found:
    """Play with a daemon of its own, on a server of its own."""
    rng, name = Random(seed), "somebody"
    with server(period), tempfile.TemporaryDirectory() as folder:
        somebody = Somebody(name)
        with daemon(name, Path(folder)) as process:
            somebody.wait_for_cable()
            time.sleep(1.0)  # it opens the network
            found = delays(somebody, notes, rng)
            before = _memory(process.pid)
            rage(somebody, events, rng)
            somebody.play(bytes((0x90, 1, 64)), bytes((0x80, 1, 0)))
            time.sleep(_SETTLED)
            somebody.unplug()
            time.sleep(_SETTLED)
            hanging, grown = somebody.sounding, _memory(process.pid) - before
            if process.poll() is not None:
                raise RuntimeError(f"bachd has ended:\n{(Path(folder) / 'log').read_text()}")
        log = (Path(folder) / "log").read_text()
        somebody.close()
    return Found(found, len(somebody.heard), hanging, log.count("Traceback"), grown)


def _memory(pid: int) -> int:
    """Kilobytes that a process has in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def main() -> int:
    """Print what was measured; the exit status is 1 if a note hung or bachd had a bug."""
    parser = argparse.ArgumentParser(prog="python -m bench.together", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=EVENTS, help="events at random (default: %(default)s)")
    parser.add_argument("--notes", type=int, default=NOTES, help="single notes (default: %(default)s)")
    parser.add_argument("--period", type=int, default=64, help="frames a cycle of JACK has (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = measure(options.events, options.notes, options.seed, options.period)
    ordered = sorted(found.delays)
    figures = ", ".join(f"p{share} {percentile(ordered, share / 100):.2f}" for share in (50, 99, 100))
    sys.stdout.write(f"from a key to the harmony, ms: {figures} (of {len(ordered)} notes)\n")
    sys.stdout.write(
        f"{options.events:,} events: {found.heard:,} messages heard, {found.hanging} notes hang, "
        f"{found.tracebacks} tracebacks, memory grew by {found.grown} KB\n"
    )
    return 1 if found.hanging or found.tracebacks else 0


if __name__ == "__main__":
    sys.exit(main())
