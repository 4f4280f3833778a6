"""Measure the memory of the page while it is polled for hours: `python -m bench.browser.polling`.

Law: the page is one of its own, on loopback; two clients ask for whatever there is, in turn, once a second each, on
connections that they keep. The exit status is 1 if, after the first tenth of the time, the page's process grew by more
than it may.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import threading
from itertools import cycle
from pathlib import Path
from time import monotonic
from typing import Final

from bachd.service.progress import tell
from bench.browser.page import free_port, memory, playing

PATHS: Final = ("/api/status", "/api/settings", "/api/history", "/api/pieces", "/metrics", "/")
GROWTH: Final = 5.0
"""Millions of bytes that the page may grow by."""
CLIENTS: Final = 2
_LOOKS: Final = 120
"""How often the memory is looked at."""


def poll(port: int, over: threading.Event, statuses: list[int]) -> None:
    """Ask once a second until it is over; note each status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for path in cycle(PATHS):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        if over.wait(1.0):
            break
    connection.close()


def measure(process: int, port: int, seconds: float) -> tuple[list[tuple[float, float]], list[int]]:
    """Poll for so long; returns the memory of daemon and page at each look, and all statuses."""
    over, statuses, sizes, begin = threading.Event(), list[int](), list[tuple[float, float]](), monotonic()
    threads = [threading.Thread(target=poll, args=(port, over, statuses)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        while (passed := monotonic() - begin) < seconds:
            sizes.append(memory(process))
            tell(f"{passed / 60:.0f} of {seconds / 60:.0f} minutes: {sizes[-1][1]:.1f} MB")
            over.wait(seconds / _LOOKS)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return sizes, statuses


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.polling", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=120.0, help="of polling (%(default)s)")
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as name, playing(Path(name), "none", port) as process:
        sizes, statuses = measure(process.pid, port, 60 * options.minutes)
    tell("")
    lines = ["| | after a tenth of the time | at most after it | at the end, MB |", "|" + " --- |" * 4]
    settled = sizes[len(sizes) // 10 :]
    for who, values in zip(("daemon", "page"), zip(*settled, strict=True), strict=True):
        lines.append(f"| {who} | {values[0]:.1f} | {max(values):.1f} | {values[-1]:.1f} |")
    refused = sum(status != 200 for status in statuses)
    lines += ["", f"{len(statuses)} requests in {options.minutes:g} minutes, {refused} refused"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if max(page for _, page in settled) - settled[0][1] <= GROWTH and not refused else 1


if __name__ == "__main__":
    sys.exit(main())
