"""Measure the effect of the page's visitors on the timing of notes, and their cost: `python -m bench.browser.page`.

Law: with and without them is measured in turns of one run, by a listener that is a process of its own; what counts is
the ratio, and how much it varies from turn to turn.

bachd plays through JACK on a steady grid. In every other turn there are clients with their feeds open, some of which
never read, and as many that ask for whatever there is as fast as they are answered.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from bachd import child_process
from bachd.service.progress import tell
from bachd.service.timing.loopback import listening
from bachd.service.web.server.feed import BEHIND, MOST_CLIENTS
from bachd.summary_statistics import percentile
from bench.browser.crowd import CLIENTS, Crowd

BPM: Final = 300.0
CONFIG: Final = """\
tempo: {bpm:g}
seed: {{piece: bwv269, rng: 5}}
midi: {{output: '{where}'}}
expression: {{swing: 50, humanise_ms: 0, ritardando: 0}}
web: {{listen: '127.0.0.1:{port}', token: {token}}}
"""
_TICK: Final = 60.0 / (BPM * 24)
_SETTLING: Final = 2.0
"""Seconds of a turn that do not count."""
_BUFFER: Final = 1 << 16
"""Bytes that asyncio takes from a writer before it makes the sender wait."""


@dataclass
class Kind:
    """The turns of a kind; milliseconds and millions of bytes."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    """When their notes count, in monotonic seconds."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Of the daemon and of the page, at the end of each."""

    def errors(self, heard: Sequence[tuple[float, str]]) -> list[list[float]]:
        """By how much the notes of each turn were off; in order."""
        moments = [moment for moment, data in heard if data.startswith("9")]
        return [errors([each for each in moments if begin < each < end]) for begin, end in self.spans]


def free_port() -> int:
    """Return a TCP port of loopback that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def playing(
    folder: Path,
    where: str,
    port: int,
    token: str = "auto",
    config: str = CONFIG,
    program: Sequence[str] = ("bachd",),
) -> Iterator[subprocess.Popen[bytes]]:
    """A bachd with a page, once it plays. token: whether it asks for one, as in config.yaml.

    config: what stands there. program: the module that is bachd, and arguments of its own before the verb.
    """
    (folder / "config.yaml").write_text(config.format(bpm=BPM, where=where, port=port, token=token))
    process = child_process.start(
        *program,
        "run",
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        environment={
            "RUNTIME_DIRECTORY": str(folder),
            "STATE_DIRECTORY": str(folder / "state"),
            "PYTHONPATH": str(Path(__file__).parents[2]),  # where program may be from, too
        },
        folder=folder,
    )
    try:
        while "the page is at" not in (line := child_process.read_line(process, 60)):
            if not line:
                raise SystemExit("bench.browser.page: bachd ended")
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        child_process.end(process, 20)


def memory(process: int) -> tuple[float, float]:
    """Resident memory of the daemon and of its page, in millions of bytes; 0 where the system has no figure."""
    return _resident(process), _resident(page_of(process))


def page_of(process: int) -> int:
    """The process that serves a daemon's page; 0 if there is none."""
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in path.read_text().split():
            if b"bachd.service.web.server" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return 0


def _resident(process: int) -> float:
    """Without what all clients of JACK share."""
    try:
        said = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    except OSError:
        return 0.0
    return sum(int(said[name].split()[0]) for name in ("RssAnon", "RssFile")) * 1024 / 1e6


def errors(moments: Sequence[float]) -> list[float]:
    """By how many milliseconds notes left the grid, which is laid through the middle of them all."""
    strayed = [(moment - moments[0] + _TICK / 2) % _TICK - _TICK / 2 for moment in moments]
    middle = sorted(strayed)[len(strayed) // 2]
    return sorted(1e3 * abs(each - middle) for each in strayed)


def table(kinds: dict[str, Kind], heard: Sequence[tuple[float, str]]) -> str:
    """Markdown, and below it what it comes to."""
    lines = ["| | notes | off the grid, ms: p50 / p99 / max | p99 of a turn | MB: daemon, page |", "|" + " --- |" * 5]
    whole = []
    for name, kind in kinds.items():
        turns = kind.errors(heard)
        whole.append(sorted(error for turn in turns for error in turn))
        shares = " / ".join(f"{percentile(whole[-1], share):.4f}" for share in (0.5, 0.99, 1.0))
        single = sorted(percentile(turn, 0.99) for turn in turns)
        memories = ", ".join(f"{before:.1f} to {after:.1f}" for before, after in zip(*_ends(kind.memory), strict=True))
        lines.append(f"| {name} | {len(whole[-1])} | {shares} | {single[0]:.4f} to {single[-1]:.4f} | {memories} |")
    ratio = percentile(whole[1], 0.99) / percentile(whole[0], 0.99)
    return "\n".join([*lines, "", f"p99 with to without: {ratio:.2f}"])


def _ends(memories: list[tuple[float, float]]) -> tuple[tuple[float, float], tuple[float, float]]:
    return memories[0], memories[-1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.page", description=__doc__)
    parser.add_argument("--turns", type=int, default=8, help="pairs of turns (%(default)s)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each turn (%(default)s)")
    options = parser.parse_args()
    port = free_port()
    kinds = {"nobody looks": Kind(), f"{CLIENTS} look, {CLIENTS} ask": Kind()}
    crowd = Crowd(port)
    with tempfile.TemporaryDirectory() as folder, listening("jack") as (where, ear):
        with playing(Path(folder), where, port) as process:
            tell("until those who never read are let go")
            outstayed = asyncio.run(crowd.outstay())  # before so much is asked for that the page refuses some
            for turn in range(options.turns):
                for name, kind in kinds.items():
                    tell(f"turn {turn + 1} of {options.turns}: {name}")
                    begin = monotonic()
                    asyncio.run(
                        asyncio.sleep(options.seconds) if name == "nobody looks" else crowd.come(options.seconds)
                    )
                    kind.spans.append((begin + _SETTLING, monotonic()))
                    kind.memory.append(memory(process.pid))
        heard: list[tuple[float, str]] = ear.result()
    tell("")
    most = (BEHIND * crowd.longest + _BUFFER) / 1e6
    told = [
        table(kinds, heard),
        f"{crowd.answered} requests answered; the last who never read was let go after {outstayed:.0f} s",
        f"{BEHIND} messages may wait for each, of {crowd.longest} bytes at most so far, and {_BUFFER} bytes more:",
        f"nobody costs it over {most:.1f} MB, the {MOST_CLIENTS} that it serves at once {MOST_CLIENTS * most:.0f} MB",
    ]
    sys.stdout.write("\n".join(told) + "\n")


if __name__ == "__main__":
    main()
