"""Look for notes that hang when the music is halted, at several periods of JACK: `python -m bench.halts`.

Law: the listener is a process of its own and shares nothing with bachd but the server. A real player plays fast
chords through a real output; halts come at random moments. What sounds at the listener when the music has been halted,
and no later message has been handed over, hangs.

For each period it starts a server of its own on the dummy driver. The table has a line for each kind of halt:

    pause, stop    the page's: the music goes on, or begins anew
    panic          the page's: a reset, and a pause
    reload         other settings, then a pause
    port           another output, then a pause
    clock          the MIDI clock that is followed stops
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from bachd.errors import OutputError
from bachd.midi.jack.output import JackOutput
from bachd.midi.reset import reset
from bachd.music.event import Event
from bachd.music.message import control_change
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Step
from bachd.realtime.clock import MonotonicClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import TimedMessage
from bachd.realtime.performer import Change
from bachd.realtime.player import Composed, Player
from bachd.realtime.transport import Transport
from bachd.service.progress import tell
from bachd.sync.conductor import FollowingConductor
from bachd.sync.midi_master import CLOCK, START, STOP, MidiMaster
from bench.jack_server import server

PERIODS: Final = (64, 1024, 4096, 8192)
KINDS: Final = ("pause", "stop", "panic", "reload", "port")
CLOCKS: Final = "clock"
_MARKER: Final = 119
"""A controller that no synth knows: its value says which kind of halt was before it."""
_PLAYING: Final = (0.05, 0.5)
"""Seconds of music between two halts."""
_HALTED: Final = (0.03, 0.25)
"""Seconds until what sounds is looked at."""
_APART: Final = (0.1, 0.2)
"""Seconds until the clock that is followed starts again: a bar may be dated back by a twentieth of one."""
_ATTEMPTS: Final = 5
_BPM: Final = 200.0


class Stage:
    """A player with an output, which is halted again and again."""

    def __init__(self, ports: list[str], rng: Random) -> None:
        """ports: of the listener; the first is played to."""
        self._ports, self._rng = ports, rng
        self._clock = MonotonicClock()
        self._output = self._open()
        self._tick = 0
        self._change: Change | None = None

    def _open(self) -> JackOutput:
        self._ports.append(self._ports.pop(0))
        for attempt in range(_ATTEMPTS):
            try:
                return JackOutput(self._ports[-1], self._clock, Lateness())
            except OutputError as fault:  # a server that is overloaded refuses clients now and then
                tell(f"attempt {attempt + 1}: {fault}")
        raise OutputError("bench: the server accepts no client any more")

    async def compose(self, _opens_bar: bool) -> Composed:
        """Return the next chord of endless music, with the change that is due."""
        place = Grid().place(self._tick)
        ticks = self._rng.choice((6, 12) if place.phase % 12 == 0 else (6,))
        self._tick += ticks
        notes = tuple(sorted(self._rng.sample(range(48, 72), self._rng.randint(1, 6))))
        held = tuple(note for note in notes if self._rng.random() < 0.2)
        event = Event(tuple(note for note in notes if note not in held), held, ticks)
        change, self._change = self._change, None
        return Composed(Step(event, place, Origin.SEED, "bench"), change)

    async def halt(self, count: int) -> None:
        """Play, and halt `count` times in all the ways that the page offers."""
        conductor = Transport(_BPM)
        player = Player(self._output, conductor, self._clock)
        playing = asyncio.create_task(player.perform(self.compose))
        for number in range(count):
            kind = KINDS[number % len(KINDS)]
            await self._wait(_PLAYING)
            await self._before(kind)
            conductor.halt()
            if kind == "stop":
                player.rewind()
            if kind == "panic":
                due = self._clock.now()
                self._output.send([TimedMessage(due, 0, message) for message in reset()])
            await self._wait(_HALTED)
            self._mark(number % len(KINDS))
            conductor.resume()
        playing.cancel()
        await asyncio.wait([playing])

    async def _before(self, kind: str) -> None:
        """Change what is played with or to, as a reload does."""
        if kind not in ("reload", "port"):
            return
        before = self._output
        if kind == "port":
            self._output = await asyncio.get_running_loop().run_in_executor(None, self._open)
        self._change = Change(
            self._output,
            self._rng.uniform(0.8, 1.2) * _BPM,
            channels=[self._rng.randint(1, 16)],
            latency=self._rng.uniform(0.0, 0.05),
        )
        await self._wait(_PLAYING)
        if before is not self._output:
            await asyncio.get_running_loop().run_in_executor(None, before.close)

    async def follow(self, count: int) -> None:
        """Play after a MIDI clock, which stops `count` times."""
        master = MidiMaster()
        conductor = FollowingConductor(master)
        playing = asyncio.create_task(Player(self._output, conductor, self._clock).perform(self.compose))

        def say(status: int) -> None:
            master.receive(self._clock.now(), bytes((status,)), "bench")
            conductor.notify()

        async def beat() -> None:
            due = self._clock.now()
            while True:
                due = max(due + 60.0 / (24 * _BPM), self._clock.now() - 0.1)
                await self._clock.sleep_until(due)
                say(CLOCK)

        beating = asyncio.create_task(beat())
        await self._wait((0.5, 0.5))
        for _ in range(count):
            say(START)
            await self._wait((0.2, 0.7))
            say(STOP)
            await self._wait(_HALTED)
            self._mark(len(KINDS))
            await self._wait(_APART)
        for task in (beating, playing):
            task.cancel()
        await asyncio.wait([beating, playing])

    def close(self) -> None:
        """End it in order, and look once more."""
        self._output.close()

    def _mark(self, kind: int) -> None:
        self._output.send([TimedMessage(self._clock.now(), 0, control_change(0, _MARKER, kind))])

    async def _wait(self, seconds: tuple[float, float]) -> None:
        await asyncio.sleep(self._rng.uniform(*seconds))


def hanging(heard: list[str]) -> dict[str, list[int]]:
    """For each kind of halt, the number of notes that hung after each."""
    found: dict[str, list[int]] = {kind: [] for kind in (*KINDS, CLOCKS)}
    sounding: set[tuple[str, int, int]] = set()
    for line in heard:
        port, data = line.split()
        status, number, value = bytes.fromhex(data)
        if status == 0xB0 and number == _MARKER:
            found[(*KINDS, CLOCKS)[value]].append(len(sounding))
            sounding.clear()
        elif status & 0xF0 == 0x90 and value:
            sounding.add((port, status & 0x0F, number))
        elif status & 0xE0 == 0x80:
            sounding.discard((port, status & 0x0F, number))
    return found


def measure(period: int, count: int, seed: int) -> dict[str, list[int]]:
    """Halt `count` times at a period of JACK's."""
    with server(period), tempfile.TemporaryFile("w+") as log:
        listener = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("listener.py")), "a", "b"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert listener.stdin is not None
        try:
            while not _listening():
                assert listener.poll() is None
            stage = Stage(["listener:a", "listener:b"], Random(seed))
            clocks = count // (len(KINDS) + 1)
            asyncio.run(stage.halt(count - clocks))
            asyncio.run(stage.follow(clocks))
            stage.close()
        finally:
            with suppress(OSError):
                listener.stdin.close()
            listener.wait()
        log.seek(0)
        return hanging(log.read().splitlines())


def _listening() -> bool:
    listed = subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False)
    return "listener:b" in listed.stdout.splitlines()


def main() -> int:
    """Print the table; the exit status is 1 if a note hung."""
    parser = argparse.ArgumentParser(prog="python -m bench.halts", description=__doc__.splitlines()[0])
    parser.add_argument("--periods", type=int, nargs="+", default=PERIODS, help="frames a cycle of JACK has")
    parser.add_argument("--count", type=int, default=1000, help="halts at each period")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tell("period  halts of each kind, how many left notes hanging, and how many notes")
    total = 0
    for period in options.periods:
        found = measure(period, options.count, options.seed)
        bad = Counter({kind: sum(map(bool, counts)) for kind, counts in found.items()})
        notes = sum(map(sum, found.values()))
        cells = (f"{kind} {len(counts)}: {bad[kind]}" for kind, counts in found.items())
        sys.stdout.write(f"{period:>6}  {', '.join(cells)}; {notes} notes\n")
        sys.stdout.flush()
        total += notes
    return min(total, 1)


if __name__ == "__main__":
    sys.exit(main())
