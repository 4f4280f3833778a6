"""How well bachd follows a MIDI clock, and how evenly it sends one: `python -m bench.clock`.

Law: master and listener are one JACK client that shares nothing with bachd but the server, so both go by the same
clock; what is printed is what it saw.

That clock is JACK's time, never its frames: a loaded machine's dummy driver leaves frames out, as no card does.

The master sends 24 clocks a quarter, each up to a millisecond late or early, and changes his tempo every four bars. A
note's error is the time from where its tick lies on his own even grid to where it was heard.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import jack
import mido

TICKS = 24
STEPS = (60, 180, 90, 120, 180, 60, 140, 100)
"""Quarter notes a minute, one after the other."""
BARS = 4
SETTLING = 1.0
"""Beats after a step that are counted apart."""
BPM = 97.3
"""Of the clock that bachd sends."""
MICRO = 1e-6
CONFIG = """\
tempo: {tempo}
seed: {{piece: bwv269, rng: 5}}
midi: {{output: [jack, 'file:out.mid'], clock: {clock}}}
{expression}
"""
EXPRESSION = "expression: {swing: 50, humanise_ms: 0, ritardando: 0}"


class Client:
    """The master and the listener."""

    def __init__(self) -> None:
        self._client = jack.Client("bench", no_start_server=True)
        self._out = self._client.midi_outports.register("clock")
        self._in = self._client.midi_inports.register("heard")
        self.to_send: deque[tuple[float, bytes]] = deque()
        """Moments in seconds of JACK's time, and messages."""
        self.heard: list[tuple[float, bytes]] = []
        """The same."""
        self._handle = ctypes.c_void_p(int(jack._ffi.cast("uintptr_t", self._client._ptr)))
        library = ctypes.CDLL("libjack.so.0")
        self._time, self._frames_to_time = library.jack_get_time, library.jack_frames_to_time
        self._time.restype = self._frames_to_time.restype = ctypes.c_uint64
        self._client.set_process_callback(self._process)
        self._client.activate()

    @property
    def now(self) -> float:
        """Seconds of JACK's time."""
        return MICRO * float(self._time())

    def _date(self, frame: int) -> float:
        return MICRO * float(self._frames_to_time(self._handle, ctypes.c_uint32(frame)))

    def _process(self, frames: int) -> None:
        first = self._client.last_frame_time
        begin, end = self._date(first), self._date(first + frames)
        self._out.clear_buffer()
        while self.to_send and self.to_send[0][0] < end:
            moment, data = self.to_send.popleft()
            offset = round((moment - begin) / (end - begin) * frames)
            self._out.write_midi_event(min(max(0, offset), frames - 1), data)
        for offset, data in self._in.incoming_midi_events():
            self.heard.append((begin + offset * (end - begin) / frames, bytes(data)))

    def connect(self, source: str, destination: str) -> None:
        """Connect ports as soon as both are there."""
        end = time.monotonic() + 20.0
        while not self._client.get_ports(f"^{source}$") or not self._client.get_ports(f"^{destination}$"):
            if time.monotonic() > end:
                raise SystemExit(f"bench: {source} or {destination} did not come")
            time.sleep(0.05)
        while not self._client.get_all_connections(source) or destination not in [
            port.name for port in self._client.get_all_connections(source)
        ]:
            with suppress(jack.JackErrorCode):  # it is connected already, or cannot be yet: its client is just starting
                self._client.connect(source, destination)

    def close(self) -> None:
        """Be gone."""
        self._client.deactivate()
        self._client.close()


@contextmanager
def bachd(folder: Path, tempo: object, clock: str) -> Iterator[subprocess.Popen[bytes]]:
    """A bachd that plays through JACK and into out.mid."""
    from bachd import config

    expression = EXPRESSION if hasattr(config, "Expression") else ""
    (folder / "config.yaml").write_text(CONFIG.format(tempo=tempo, clock=clock, expression=expression))
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", "bachd", "run", "--config", "config.yaml"]
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def grid(bars: int) -> tuple[list[float], list[int]]:
    """The seconds from a master's first clock to each, and at which of them he changes his tempo."""
    moments: list[float] = []
    steps: list[int] = []
    now = 0.0
    for bpm in STEPS:
        steps.append(len(moments))
        for _ in range(bars * 4 * TICKS):
            moments.append(now)
            now += 60.0 / (bpm * TICKS)
    return moments, steps


def follow(client: Client, folder: Path, bars: int, jitter_ms: float) -> dict[str, Any]:
    """Let bachd follow; what its notes were like."""
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
    heard = [(moment, data) for moment, data in client.heard if data[0] & 0xF0 in (0x80, 0x90)]
    ons = [(moment, data[1]) for moment, data in heard if data[0] & 0xF0 == 0x90]
    tick, written = 0, []
    for message in mido.MidiFile(folder / "out.mid").tracks[0]:
        tick += message.time
        if message.type == "note_on":
            written.append((tick // 20, message.note))
    same = [note for _, note in ons][: len(written)] == [note for _, note in written][: len(ons)]
    errors = []
    # Music that begins with an upbeat begins within the master's first bar.
    upbeat = min(range(4 * TICKS), key=lambda tick: abs(ideal[tick] - (ons[0][0] - start))) - written[0][0]
    for (moment, _), (played, _) in zip(ons, written, strict=False):
        tick = played + upbeat
        if tick < len(ideal):
            errors.append((tick, 1e3 * (moment - start - ideal[tick])))
    relocks, settled, missed = [], [], 0
    for index, step in enumerate(steps):
        end = steps[index + 1] if index + 1 < len(steps) else len(ideal)
        section = [(tick - step, abs(error)) for tick, error in errors if step <= tick < end]
        relocks.append(max([tick / TICKS for tick, error in section if error > 2.0], default=0.0))
        settled += [error for tick, error in section if tick >= SETTLING * TICKS]
        missed += sum(1 for tick, error in section if error > 250.0)
    sounding: list[tuple[int, int]] = []
    doubled = 0
    for _, data in heard:
        key = (data[0] & 0x0F, data[1])
        if data[0] & 0xF0 == 0x90:
            doubled += key in sounding
            sounding.append(key)
        elif key in sounding:
            sounding.remove(key)
    settled.sort()
    return {
        "notes": len(errors),
        "p50": settled[len(settled) // 2],
        "p99": settled[len(settled) * 99 // 100],
        "max": settled[-1],
        "relock": relocks[1:],
        "missed": missed,
        "lost": 0 if same and abs(len(ons) - len(written)) <= 8 else abs(len(ons) - len(written)) or -1,
        "doubled": doubled,
        "hanging": len(sounding),
    }


def send(client: Client, folder: Path, bpm: float, seconds: float) -> dict[str, Any]:
    """Let bachd send a clock; what its intervals were like."""
    client.heard.clear()
    with bachd(folder, bpm, "true"):
        client.connect("bachd:bachd", "bench:heard")
        time.sleep(seconds + 1.0)
    clocks = [moment for moment, data in client.heard if data[0] == 0xF8]
    ideal = 60.0 / (bpm * TICKS)
    errors = sorted(1e3 * abs(later - earlier - ideal) for earlier, later in pairwise(clocks))
    drift = 1e3 * (clocks[-1] - clocks[0] - ideal * (len(clocks) - 1))
    return {
        "clocks": len(clocks),
        "p50": errors[len(errors) // 2],
        "p99": errors[len(errors) * 99 // 100],
        "max": errors[-1],
        "drift": drift,
    }


def figures(found: dict[str, Any], digits: int) -> str:
    """The percentiles, for people."""
    return ", ".join(f"{name} {found[name]:.{digits}f}" for name in ("p50", "p99", "max"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.clock", description=__doc__)
    parser.add_argument("--bars", type=int, default=BARS, help="bars at each tempo (%(default)s)")
    parser.add_argument("--jitter", type=float, default=1.0, help="of the master's clocks, in ms (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of clock out (%(default)s)")
    options = parser.parse_args()
    client = Client()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = follow(client, folder, options.bars, options.jitter)
        told = [
            f"clock in: {found['notes']} notes, {options.jitter:g} ms of jitter, {' '.join(map(str, STEPS))} bpm",
            f"  phase error after the first beat, ms: {figures(found, 2)}",
            f"  within 2 ms again after beats: {' '.join(f'{beats:.2f}' for beats in found['relock'])}",
            "  " + ", ".join(f"{word} {found[word]}" for word in ("missed", "lost", "doubled", "hanging")),
        ]
        sys.stdout.write("\n".join(told) + "\n")
        sys.stdout.flush()
        if options.seconds:
            found = send(client, folder, BPM, options.seconds)
            told = [
                f"clock out: {found['clocks']} clocks at {BPM:g} bpm",
                f"  interval error, ms: {figures(found, 3)}, drift {found['drift']:.3f}",
            ]
            sys.stdout.write("\n".join(told) + "\n")
    client.close()


if __name__ == "__main__":
    main()
