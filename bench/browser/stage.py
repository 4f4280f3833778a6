"""Measure whether the page on a display grows while the music goes on: its JavaScript heap, its elements, its memory.

Law: each line is what is left after a collection of garbage; bachd, its pages and the browser are the real ones.

With `--speed 16` bachd plays sixteen times as fast, so that the events, pieces and engravings of a day pass in an hour
and a half. What grows with them is seen then. What grows with the time alone is not: for that, a day is `--hours 24`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
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
const seen = window.seen = { pieces: 0, events: 0, seconds: 0, systems: 0 };
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', ({ data }) => {
      const { type, step } = JSON.parse(data);
      if (type !== 'step') return;
      seen.pieces += step.opens ? 1 : 0;
      seen.events += 1;
      seen.seconds += (step.ticks / 24) * (60 / step.bpm);
    });
  }
};
const engraved = ({ addedNodes }) => [...addedNodes].filter((node) => node.classList?.contains('engraved')).length;
window.addEventListener('DOMContentLoaded', () => {
  new MutationObserver((changes) => { for (const each of changes) seen.systems += engraved(each); })
    .observe(document.getElementById('systems'), { childList: true, subtree: true });
});"""
"""Counts what the page gets, and the systems that it engraves; it keeps four numbers."""
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
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # one that the browser had spare
        return 0.0
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("RssAnon"))


def grown(values: Sequence[float]) -> float:
    """By how many percent the mean of the last quarter is above that of the first."""
    share = max(1, len(values) // 4)
    return 100 * (sum(values[-share:]) / sum(values[:share]) - 1)


@dataclass
class Shown:
    """A page on the stage."""

    view: str
    page: Any
    inspector: Any
    processes: Sequence[int]
    found: list[Figures] = field(default_factory=list)

    def look(self) -> str:
        """Take its figures; returns them."""
        self.found.append(figures(self.inspector, self.processes))
        return f"{self.view:>5} {self.found[-1]}"

    def summary(self, speed: float) -> str:
        """What it was shown, and how much more it has at the end."""
        seen = self.page.evaluate("window.seen")
        columns = zip(FIELDS, zip(*map(astuple, self.found), strict=True), strict=True)
        changes = ", ".join(f"{grown(values):+.1f} % {name}" for name, values in columns)
        return (
            f"{self.view}: {seen['events']} events of {seen['pieces']} pieces, {speed * seen['seconds'] / 3600:.1f} h "
            f"at their usual tempo, {seen['systems']} engravings; the last quarter against the first: {changes}"
        )


def show(browser: Any, view: str, address: str) -> Shown:
    """Show the stage in a window, and so a process, of its own."""
    known = _renderers(browser)
    page = browser.new_context(viewport={"width": 800, "height": 480}).new_page()
    page.add_init_script(COUNT)
    page.goto(f"{address}#stage={view}")
    return Shown(view, page, page.context.new_cdp_session(page), sorted(_renderers(browser) - known))


def _renderers(browser: Any) -> set[int]:
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return {each["id"] for each in told if each["type"] == "renderer"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.stage", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.5, help="for which the page is shown (%(default)s)")
    parser.add_argument("--speed", type=float, default=16.0, help="of the music, against its usual tempo (%(default)s)")
    parser.add_argument("--every", type=float, default=60.0, help="seconds from line to line (%(default)s)")
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
        playing(Path(folder), "none", port, "auto", CONFIG, program),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        shown = [show(browser, view, f"http://127.0.0.1:{port}/") for view in ("roll", "score")]
        begun = monotonic()
        while (passed := monotonic() - begun) < 3600 * options.hours:
            sleep(min(options.every, 3600 * options.hours - passed))
            for one in shown:
                sys.stdout.write(f"{(monotonic() - begun) / 60:7.1f} min  {one.look()}\n")
            sys.stdout.flush()
        sys.stdout.write("\n".join(one.summary(options.speed) for one in shown) + "\n")
        browser.close()


if __name__ == "__main__":
    main()
