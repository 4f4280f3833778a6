"""python -m bench.page: whether those who look at the page can be heard.

Law: with and without them is measured in turns of one run, by a listener that is a process of its own; what counts is
the ratio.

bachd plays through JACK on a steady grid. In every other turn there are clients with their feeds open, some of which
never read, and as many that ask for whatever there is as fast as they are answered.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

from aiohttp import ClientError, ClientSession

from bachd.service.loopback import listening
from bachd.service.progress import tell
from bachd.service.timing_figures import percentile

BPM: Final = 300.0
CLIENTS: Final = 20
CONFIG: Final = """\
tempo: {bpm:g}
seed: {{piece: bwv269, rng: 5}}
midi: {{output: '{where}'}}
expression: {{swing: 50, humanise_ms: 0, ritardando: 0}}
web: {{listen: '127.0.0.1:{port}'}}
"""
PATHS: Final = ("/", "/api/status", "/api/settings", "/metrics", "/api/pieces/bwv269", "/api/music.mid", "/api/none")
_TICK: Final = 60.0 / (BPM * 24)
_SETTLING: Final = 2.0
"""Seconds of a turn that do not count."""


@contextmanager
def playing(folder: Path, where: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """A bachd with a page, once it plays."""
    (folder / "config.yaml").write_text(CONFIG.format(bpm=BPM, where=where, port=port))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment |= {"RUNTIME_DIRECTORY": str(folder), "STATE_DIRECTORY": str(folder / "state")}
    command = [sys.executable, "-m", "bachd", "run"]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            while "the page is at" not in process.stderr.readline():
                if process.poll() is not None:
                    raise SystemExit("bench.page: bachd ended")
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


async def crowd(address: str, seconds: float) -> int:
    """Clients of all kinds, for so many seconds; how many requests were answered."""
    answered = 0

    async def look(session: ClientSession, reads: bool) -> None:
        async with session.ws_connect(f"{address}/api/feed") as feed:
            while reads:
                await feed.receive()
            await asyncio.Future()

    async def ask(session: ClientSession, path: str) -> None:
        nonlocal answered
        while True:
            try:
                async with session.get(address + path) as answer:
                    await answer.read()
                answered += 1
            except ClientError:
                await asyncio.sleep(0.01)

    async with ClientSession() as session:
        tasks = [asyncio.create_task(look(session, number % 4 > 0)) for number in range(CLIENTS)]
        tasks += [asyncio.create_task(ask(session, PATHS[number % len(PATHS)])) for number in range(CLIENTS)]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return answered


def memory(process: int) -> float:
    """Resident memory in millions of bytes; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def errors(moments: Sequence[float]) -> list[float]:
    """By how many milliseconds notes left the grid, which is laid through the middle of them all."""
    strayed = [(moment - moments[0] + _TICK / 2) % _TICK - _TICK / 2 for moment in moments]
    middle = sorted(strayed)[len(strayed) // 2]
    return sorted(1e3 * abs(each - middle) for each in strayed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--turns", type=int, default=4, help="pairs of turns (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each turn (%(default)s)")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spans: list[tuple[float, float, bool]] = []
    answered = 0
    with tempfile.TemporaryDirectory() as folder, listening("jack") as (where, ear):
        with playing(Path(folder), where, port) as process:
            before = memory(process.pid)
            for turn in range(2 * options.turns):
                tell(f"turn {turn + 1} of {2 * options.turns}")
                begin, crowded = monotonic(), turn % 2 == 1
                work = crowd(f"http://127.0.0.1:{port}", options.seconds) if crowded else None
                answered += asyncio.run(work) if work else asyncio.run(asyncio.sleep(options.seconds, 0))
                spans.append((begin + _SETTLING, monotonic(), crowded))
            after = memory(process.pid)
        heard: list[list[float]] = ear.result()
    tell("")
    moments = {
        kind: [
            m for m, data in heard if str(data).startswith("9") and any(b < m < e and c == kind for b, e, c in spans)
        ]
        for kind in (False, True)
    }
    found = {kind: errors(each) for kind, each in moments.items()}
    for kind, name in ((False, "nobody looks"), (True, f"{CLIENTS} look, {CLIENTS} ask")):
        shares = ", ".join(f"{word} {percentile(found[kind], s):.3f}" for word, s in (("p50", 0.5), ("p99", 0.99)))
        sys.stdout.write(f"{name}: {len(found[kind])} notes, off the grid by ms: {shares}, max {found[kind][-1]:.3f}\n")
    ratio = percentile(found[True], 0.99) / percentile(found[False], 0.99)
    sys.stdout.write(f"p99 with to without: {ratio:.2f}; {answered} requests answered\n")
    sys.stdout.write(f"the daemon's memory: {before:.1f} MB before, {after:.1f} MB after\n")


if __name__ == "__main__":
    main()
