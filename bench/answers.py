"""python -m bench.answers: how soon somebody with the token is answered while others attack the page, and its music.

Law: the page is one of its own, on loopback; an attack is repeated as long as it is measured, from the same address as
whoever asks. The exit status is 1 if an answer took longer than it may, was refused, or the page became too large.
The music goes through JACK to a listener in a process of its own; how far its notes are off their grid is for the
record, since a machine that does other things as well moves them, too.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from bachd.service.progress import tell
from bachd.service.timing.loopback import listening
from bachd.summary_statistics import percentile
from bench.attacks import ATTACKS, PATIENCE, Attacker
from bench.browser.page import errors, free_port, page_of, playing
from bench.jack_server import server

LONGEST: Final = 1.0
"""Seconds that an answer may take."""
LARGEST: Final = 120.0
"""Millions of bytes that the page's process may have."""
_HELD: Final = 1.0
"""Seconds for which an attack keeps open what it has opened."""
_APART: Final = 0.05
"""Seconds between two requests of whoever asks."""


@dataclass
class Answers:
    """What became of the requests of somebody with the token."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    memory: float = 0.0
    """Millions of bytes that the page's process had at most."""
    span: tuple[float, float] = (0.0, 0.0)
    """From when to when, in monotonic seconds."""

    @property
    def good(self) -> bool:
        """Whether all were answered, and soon enough."""
        return not self.refused and max(self.seconds) <= LONGEST and self.memory <= LARGEST

    def row(self, name: str, notes: Sequence[float]) -> str:
        """A line of the table. notes: when each was heard, in monotonic seconds."""
        answered = " / ".join(f"{1e3 * value:.0f}" for value in _shares(self.seconds))
        strayed = errors([each for each in notes if self.span[0] < each < self.span[1]])
        played = " / ".join(f"{value:.3f}" for value in _shares(strayed))
        return (
            f"| {name} | {len(self.seconds)} | {answered} | {self.refused} | {self.memory:.0f} "
            f"| {len(strayed)} | {played} |"
        )


def _shares(values: Sequence[float]) -> list[float]:
    """The median, the 99th percentile and the largest."""
    return [percentile(sorted(values), share) for share in (0.5, 0.99, 1.0)]


def ask(port: int, token: str) -> int:
    """Ask for the state of the run on a connection of its own; returns the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/api/status", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@contextmanager
def attacking(attack: Callable[[Attacker], None], port: int, home: Path, token: str) -> Iterator[None]:
    """Attack again and again, in another thread."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            with ExitStack() as stack, suppress(OSError):  # refused, as it should be
                attack(Attacker(("127.0.0.1", port), home, token, stack))
                over.wait(_HELD)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def measure(port: int, token: str, page: int, seconds: float) -> Answers:
    """Ask for so long. page: its process."""
    start, pause = monotonic(), threading.Event()
    end = start + seconds
    found = Answers(span=(start, end))
    Path(f"/proc/{page}/clear_refs").write_text("5")  # the largest size counts from here
    while monotonic() < end:
        begin = monotonic()
        try:
            found.refused += ask(port, token) != 200
        except OSError:
            found.refused += 1
        found.seconds.append(monotonic() - begin)
        pause.wait(_APART)
    status = dict(line.split(":", 1) for line in Path(f"/proc/{page}/status").read_text().splitlines())
    found.memory = int(status["VmHWM"].split()[0]) * 1024 / 1e6
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each attack (%(default)s)")
    options = parser.parse_args()
    port = free_port()
    found: dict[str, Answers] = {}
    with (
        tempfile.TemporaryDirectory() as name,
        server(64),
        listening("jack") as (where, ear),
        playing(Path(name), where, port, "required") as process,
    ):
        home = Path(name, "state")
        token = (home / "token").read_text().strip()
        while ask(port, token) != 200:  # in the first second nothing is known yet
            pass
        for kind, attack in ATTACKS.items():
            tell(f"{kind}: {options.seconds:g} s")
            with attacking(attack, port, home, token):
                found[kind] = measure(port, token, page_of(process.pid), options.seconds)
    notes = [moment for moment, data in ear.result() if data.startswith("9")]
    tell("")
    lines = [
        "| attack | requests | answered after, ms: p50 / p99 / max | refused | MB at most "
        "| notes | off the grid, ms: p50 / p99 / max |",
        "|" + " --- |" * 7,
        *(answers.row(kind, notes) for kind, answers in found.items()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if all(answers.good for answers in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
