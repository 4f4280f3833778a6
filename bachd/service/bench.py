"""Measure how fast music is composed on this machine, how soon it begins, and how much memory that takes.

Law: what is measured is what plays: the composer of `run`, and for start-up and memory a `run` of its own.
"""

from __future__ import annotations

import gc
import json
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Final

from bachd import child_process
from bachd.config import Config
from bachd.errors import BachdError
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.edgetpu import EdgeTpuModel
from bachd.neural.graph_process import Remote
from bachd.neural.runtime import Graph
from bachd.service.factory import make_composer, open_model
from bachd.service.progress import tell
from bachd.summary_statistics import percentiles

STARTS: Final = 3
"""Starts, of which the median counts."""
WARM_UP: Final = 50
"""Events before the measured ones."""
PLAYING: Final = 2.0
"""Seconds for which a run plays until its memory is read."""
PATIENCE: Final = 60.0
"""Seconds that a run may take to start to play, or to end."""

_RNG: Final = 1
_EVERY: Final = 100


def bench(config: Config, events: int = 2000, *, as_json: bool = False) -> dict[str, Any]:
    """Measure, print the figures as a table or as JSON, and return them.

    device: `cpu` or `edgetpu`, whichever the trunk was on in the end. event_ms: composing one event of one candidate,
    all of it; the seed's events and the breaths between pieces do not count. invoke_ms: the share of it in which the
    runtime computed trunk and head, or the Edge TPU's answer was waited for. startup_s: from before exec until the
    first event is there. rss_mb: the most memory a run had, in millions of bytes; null where the system does not tell.
    """
    figures = _composing(config, events) | _starting(config)
    tell("")
    sys.stdout.write(json.dumps(figures) + "\n" if as_json else _table(figures))
    return figures


def _composing(config: Config, events: int) -> dict[str, Any]:
    bundle = Bundle.open(config.model)
    model = open_model(config.device, bundle)
    remote = model.remote if isinstance(model, EdgeTpuModel) else None
    computing = _Stopwatch(remote or model.trunk, model.head)
    rng = _RNG if config.seed.rng is None else config.seed.rng
    fixed = replace(config, seed=replace(config.seed, rng=rng), sampling=replace(config.sampling, lookahead=1))
    composer = make_composer(fixed, bundle, model)
    gc.freeze()  # as `run` does
    whole: list[float] = []
    invokes: list[float] = []
    while len(whole) < WARM_UP + events:
        computing.seconds = 0.0
        begin = perf_counter()
        ready = composer.prepare()
        seconds = perf_counter() - begin
        if ready:
            composer.next()
        else:
            whole.append(seconds)
            invokes.append(computing.seconds)
            if len(whole) % _EVERY == 0:
                tell(f"composing, event {len(whole)} of {WARM_UP + events}")
    device = "edgetpu" if isinstance(model, EdgeTpuModel) and model.remote else "cpu"
    if remote:
        remote.close()  # only one process has the Edge TPU at a time, and the next is the run that is measured
    event_ms, invoke_ms = (
        percentiles([1e3 * each for each in seconds[WARM_UP:]], "p50", "p99", "max") for seconds in (whole, invokes)
    )
    return {
        "model": bundle.card.name,
        "runtime": model.runtime,
        "device": device,
        "events": events,
        "event_ms": event_ms,
        "invoke_ms": invoke_ms,
        "ratio": round(event_ms["p50"] / invoke_ms["p50"], 2),
    }


class _Stopwatch:
    """Adds up the seconds that graphs compute; two readings of a clock for each of some six calls an event."""

    def __init__(self, *graphs: Graph | Remote) -> None:
        self.seconds = 0.0
        for graph in graphs:
            graph.bare = self._timed(graph.bare)

    def _timed(self, bare: Callable[[], None]) -> Callable[[], None]:
        def timed() -> None:
            begin = perf_counter()
            bare()
            self.seconds += perf_counter() - begin

        return timed


def _starting(config: Config) -> dict[str, Any]:
    settings = {
        "model": config.model,
        "device": config.device,
        "seed": {"piece": config.seed.piece, "bars": config.seed.bars},
        "midi": {"output": "none"},
        "web": None,  # it is served by a process of its own, after the first event
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.yaml")
        path.write_text(json.dumps(settings))  # which is YAML, too
        starts = [_start(path, f"starting, {number} of {STARTS}") for number in range(1, STARTS + 1)]
    return {
        "startup_s": round(statistics.median(seconds for seconds, _ in starts), 3),
        "rss_mb": starts[-1][1],
    }


def _start(config: Path, what: str) -> tuple[float, float | None]:
    """Start a run; return the seconds until its first event is there, and its memory in MB after a while."""
    tell(what)
    begin = monotonic()
    run = child_process.start(
        "bachd", "run", "--config", config, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, folder=config.parent
    )
    try:
        log: list[str] = []
        while not (line := child_process.read_line(run, PATIENCE)).startswith("playing "):
            if not line:
                raise BachdError(f"bench: the run that was to be measured did not start to play: {' / '.join(log)}")
            log.append(line)
        seconds = monotonic() - begin
        with suppress(subprocess.TimeoutExpired):
            run.wait(PLAYING)
        memory = _most_memory(run.pid)
        run.send_signal(signal.SIGTERM)
    finally:
        child_process.end(run, PATIENCE)
    return seconds, memory


def _most_memory(process: int) -> float | None:
    try:
        status = Path("/proc", str(process), "status").read_text()
    except OSError:
        return None
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return round(int(kilobytes) * 1024 / 1e6, 1)


def _table(figures: dict[str, Any]) -> str:
    rows = [f"{figures['model']} on {figures['runtime']} ({figures['device']}), {figures['events']} events", ""]
    rows += [f"{'':12}{'p50':>9}{'p99':>9}{'max':>9}"]
    for name, label in (("event_ms", "an event"), ("invoke_ms", "its invokes")):
        rows.append(f"{label:12}" + "".join(f"{figures[name][at]:9.3f}" for at in ("p50", "p99", "max")) + " ms")
    memory = "not available on this system" if figures["rss_mb"] is None else f"{figures['rss_mb']:.1f} MB"
    rows += [
        "",
        f"{'ratio':12}{figures['ratio']:9.2f}  an event to its invokes",
        f"{'start-up':12}{figures['startup_s']:9.3f}  s to the first event",
        f"{'memory':12}  {memory}",
    ]
    return "\n".join(rows) + "\n"
