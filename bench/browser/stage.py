"""Measure whether the page on a display grows: the heap of its JavaScript, while the music goes on.

Each line is what is left after a collection of garbage. A day is `--hours 24`; an hour says much.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from bench.browser.page import free_port, playing
from bench.browser.view import FLAGS


def figures(inspector: Any) -> tuple[float, float, float]:
    """Return the used heap in megabytes, and how many elements and listeners there are, garbage left out."""
    inspector.send("HeapProfiler.collectGarbage")
    heap: float = inspector.send("Runtime.getHeapUsage")["usedSize"]
    counts = inspector.send("Memory.getDOMCounters")
    return heap / 1e6, counts["nodes"], counts["jsEventListeners"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.stage", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="for which the page is shown (%(default)s)")
    parser.add_argument("--every", type=float, default=60.0, help="seconds from line to line (%(default)s)")
    parser.add_argument("--view", choices=["roll", "score"], default="roll", help="what it shows (%(default)s)")
    options = parser.parse_args()
    if (chromium := shutil.which("chromium")) is None:
        raise SystemExit("bench.browser.stage: no chromium: sudo apt install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("bench.browser.stage: no playwright: pip install '.[page-test]'") from None
    port = free_port()
    heaps: list[float] = []
    with tempfile.TemporaryDirectory() as folder, playing(Path(folder), "none", port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        page = browser.new_page(viewport={"width": 800, "height": 480})
        page.goto(f"http://127.0.0.1:{port}/#stage={options.view}")
        inspector = page.context.new_cdp_session(page)
        begun = monotonic()
        while True:
            sleep(min(options.every, max(0.0, begun + 3600 * options.hours - monotonic())))
            heap, nodes, listeners = figures(inspector)
            heaps.append(heap)
            passed = monotonic() - begun
            sys.stdout.write(f"{passed / 60:8.1f} min  {heap:6.2f} MB  {nodes:.0f} nodes  {listeners:.0f} listeners\n")
            sys.stdout.flush()
            if passed >= 3600 * options.hours:
                break
        browser.close()
    early, late = heaps[: max(1, len(heaps) // 4)], heaps[-max(1, len(heaps) // 4) :]
    grown = 100 * (sum(late) / len(late) / (sum(early) / len(early)) - 1)
    sys.stdout.write(f"the {options.view} for {options.hours:g} h: last quarter {grown:+.1f} % against the first\n")


if __name__ == "__main__":
    main()
