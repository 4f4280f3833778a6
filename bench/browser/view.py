"""Measure how soon the page loads, how large it is, and how smoothly it moves: `python -m bench.browser.view`.

Law: the browser's own figures, of a page that shows a bachd that plays; a browser that has seen nothing of it before
each time.

Wants Debian's chromium and `pip install '.[page-test]'`. Without a graphics card the browser paints with the processor,
so that a laptop's frames come at least as evenly.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from bachd.summary_statistics import percentile
from bench.browser.page import free_port, playing

FLAGS: Final = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
VIEWED: Final = """() => new Promise((seen) => {
  const look = () => {
    const [paint] = performance.getEntriesByName('first-contentful-paint');
    const there = document.getElementById('where').textContent.startsWith('bar');
    if (!there || !paint) return requestAnimationFrame(look);
    const loaded = [performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')];
    seen({
      painted: paint.startTime,
      music: performance.now(),
      bytes: loaded.reduce((sum, one) => sum + one.transferSize, 0),
      requests: loaded.length,
    });
  };
  look();
})"""
"""Milliseconds since the click until something is painted, and until the music is there; what was loaded until then."""
FRAMES: Final = """(seconds) => new Promise((seen) => {
  const gaps = [];
  let last = performance.now();
  const end = last + 1000 * seconds;
  const frame = (now) => {
    gaps.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(frame);
    else seen(gaps.slice(1));
  };
  requestAnimationFrame(frame);
})"""
"""Milliseconds from each frame to the next."""
ENGRAVED: Final = """() => new Promise((seen) => {
  const begun = performance.now();
  document.getElementById('view-score').click();
  const look = () => {
    if (!document.querySelector('#systems .vf-stavenote')) return requestAnimationFrame(look);
    requestAnimationFrame(() => seen(performance.now() - begun));
  };
  look();
})"""
"""Milliseconds from the click until notes are painted, the engraver's loading included."""
LONG: Final = 25.0
"""Milliseconds: a frame of 60 a second that was left out."""


def busy(inspector: Any) -> float:
    """Seconds of processor time that the page's main thread has had; others paint."""
    told = {one["name"]: one["value"] for one in inspector.send("Performance.getMetrics")["metrics"]}
    return float(told["TaskDuration"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser.view", description=__doc__)
    parser.add_argument("--views", type=int, default=7, help="first views (%(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="for which frames are counted (%(default)s)")
    options = parser.parse_args()
    if (chromium := shutil.which("chromium")) is None:
        raise SystemExit("bench.browser.view: no chromium: sudo apt install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("bench.browser.view: no playwright: pip install '.[page-test]'") from None
    port = free_port()
    views: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder, playing(Path(folder), "none", port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        for _ in range(options.views + 1):  # the first warms the browser up, and does not count
            context = browser.new_context(viewport={"width": 1280, "height": 860})
            page = context.new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            views.append(page.evaluate(VIEWED))
            views[-1]["score"] = page.evaluate(ENGRAVED)
            page.click("#view-roll")
            if len(views) > options.views:
                inspector = context.new_cdp_session(page)
                inspector.send("Performance.enable", {"timeDomain": "threadTicks"})
                before = busy(inspector)
                gaps: list[float] = page.evaluate(FRAMES, options.seconds)
                work = busy(inspector) - before
            context.close()
        browser.close()
    told: dict[str, Any] = {name: percentile(sorted(view[name] for view in views[1:]), 0.5) for name in views[0]}
    sys.stdout.write(
        f"first view, median of {options.views}: painted after {told['painted']:.0f} ms, the music there after "
        f"{told['music']:.0f} ms; {told['bytes'] / 1024:.0f} KiB in {told['requests']:.0f} requests; "
        f"notes after {told['score']:.0f} ms\n"
    )
    gaps.sort()
    sys.stdout.write(
        f"{1e3 * len(gaps) / sum(gaps):.1f} frames a second in {options.seconds:g} s: from one to the next p50 "
        f"{percentile(gaps, 0.5):.1f}, p99 {percentile(gaps, 0.99):.1f}, max {gaps[-1]:.1f} ms; "
        f"{sum(gap > LONG for gap in gaps)} longer than {LONG:g} ms; {1e3 * work / len(gaps):.1f} ms of work each\n"
    )


if __name__ == "__main__":
    main()
