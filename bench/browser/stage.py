"""Measure whether the page on a display grows while the music goes on: its JavaScript heap, its elements, its memory.

Law: each line is what is left after a collection of garbage; bachd, its pages and the browser are the real ones.

With `--speed 16` bachd plays sixteen times as fast, so that the events, pieces and engravings of a day pass in an hour
and a half. What grows with them is seen then. What grows with the time alone is not: for that, a day is `--hours 24`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from bench.browser.page import free_port, playing
from bench.browser.view import FLAGS

CONFIG: Final = """\
seed: {{rng: 5}}
midi: {{output: '{where}'}}
web: {{listen: '127.0.0.1:{port}', token: {token}}}
"""
"""The tempo of each piece, as it is usual."""
COUNT: Final = """
window.seen = { pieces: 0, systems: 0 };
const engraved = ({ addedNodes }) => [...addedNodes].filter((node) => node.classList?.contains('engraved')).length;
window.addEventListener('DOMContentLoaded', () => {
  const [title, systems] = ['piece', 'systems'].map((id) => document.getElementById(id));
  new MutationObserver(() => { window.seen.pieces += 1; }).observe(title, { childList: true });
  new MutationObserver((changes) => { for (const each of changes) window.seen.systems += engraved(each); })
    .observe(systems, { childList: true, subtree: true });
});"""
"""Counts titles and engraved systems; it keeps two numbers."""
FIELDS: Final = ("MB of heap", "nodes", "listeners", "MB of the page's process")


@dataclass(frozen=True)
class Figures:
    """What the page has once its garbage is collected."""

    heap: float
    """Millions of bytes, as the next one."""
    nodes: int
    listeners: int
    memory: float
    """That the process which shows the page has for itself."""

    def __str__(self) -> str:
        named = zip(astuple(self), FIELDS, strict=True)
        return "  ".join(
            f"{value:8.2f} {name}" if isinstance(value, float) else f"{value:5d} {name}" for value, name in named
        )


def figures(inspector: Any, processes: Sequence[int]) -> Figures:
    """Collect the page's garbage, and return what is left."""
    inspector.send("HeapProfiler.collectGarbage")
    heap = inspector.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    counts = inspector.send("Memory.getDOMCounters")
    return Figures(heap, counts["nodes"], counts["jsEventListeners"], sum(map(_private, processes)))


def _private(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("RssAnon"))


def grown(values: Sequence[float]) -> float:
    """By how many percent the mean of the last quarter is above that of the first."""
    share = max(1, len(values) // 4)
    return 100 * (sum(values[-share:]) / sum(values[:share]) - 1)


def _events(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status") as answer:
        told: int = json.load(answer)["events"]
    return told


def watch(page: Any, inspector: Any, processes: Sequence[int], seconds: float, every: float) -> list[Figures]:
    """Print a line of figures every so many seconds; returns them all."""
    found: list[Figures] = []
    begun = monotonic()
    while (passed := monotonic() - begun) < seconds:
        sleep(min(every, seconds - passed))
        found.append(figures(inspector, processes))
        seen = page.evaluate("window.seen")
        sys.stdout.write(
            f"{(monotonic() - begun) / 60:7.1f} min  {found[-1]}  {seen['pieces']} titles  {seen['systems']} systems\n"
        )
        sys.stdout.flush()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.stage", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.5, help="for which the page is shown (%(default)s)")
    parser.add_argument("--speed", type=float, default=16.0, help="of the music, against its usual tempo (%(default)s)")
    parser.add_argument("--every", type=float, default=60.0, help="seconds from line to line (%(default)s)")
    parser.add_argument("--view", choices=["roll", "score"], default="roll", help="what it shows (%(default)s)")
    options = parser.parse_args()
    if (chromium := shutil.which("chromium")) is None:
        raise SystemExit("bench.browser.stage: no chromium: sudo apt install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("bench.browser.stage: no playwright: pip install '.[page-test]'") from None
    port, program = free_port(), ("bench.browser.hurried", str(options.speed))
    with (
        tempfile.TemporaryDirectory() as folder,
        playing(Path(folder), "none", port, "none", CONFIG, program),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 800, "height": 480})
        page.add_init_script(COUNT)
        page.goto(f"http://127.0.0.1:{port}/#stage={options.view}")
        told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        processes = [each["id"] for each in told if each["type"] == "renderer"]
        inspector = page.context.new_cdp_session(page)
        before, begun = _events(port), monotonic()
        found = watch(page, inspector, processes, 3600 * options.hours, options.every)
        events, hours = _events(port) - before, (monotonic() - begun) / 3600
        browser.close()
    columns = zip(FIELDS, zip(*map(astuple, found), strict=True), strict=True)
    changes = ", ".join(f"{grown(values):+.1f} % {name}" for name, values in columns)
    sys.stdout.write(
        f"the {options.view}: {events} events in {hours:.2f} h, which are {hours * options.speed:.1f} h at the usual "
        f"tempo; the last quarter against the first: {changes}\n"
    )


if __name__ == "__main__":
    main()
