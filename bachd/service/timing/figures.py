"""Compare messages that were sent with those that arrived: lateness, intervals, drift, loss.

Law: an error is what the receiver's clock showed less the deadline, nothing taken off it; what was not heard, or twice,
is counted and never averaged away.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bachd.summary_statistics import fitted_line, percentile

_EDGES: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, math.inf)
"""Upper edges of a histogram, in milliseconds."""
_BAR: Final = 40


@dataclass(frozen=True, slots=True)
class Figures:
    """Timing errors of messages; in milliseconds, but for the counts."""

    count: int
    """Messages that were heard."""
    p50: float
    """Of the error without its sign, as the next four."""
    p99: float
    p999: float
    max: float
    lag: float
    """The median of the error with its sign: what `midi.latency_ms` can take away."""
    interval_p99: float
    """Of the error of the time between two messages that follow one another at different moments."""
    drift: float
    """What the error grew by during the run, by least squares."""
    drift_ends: float
    """The same by the medians of the first and the last tenth."""
    lost: int
    doubled: int
    hanging: int
    """Notes that were heard to begin and not to end."""


def due_and_heard(sent: Sequence[tuple[float, str]], heard: Iterable[tuple[float, str]]) -> list[tuple[float, float]]:
    """Deadlines and arrival times of received messages, in the order sent. Messages must differ from one another."""
    moments: dict[str, deque[float]] = {}
    for moment, data in heard:
        moments.setdefault(data, deque()).append(moment)
    return [(due, moments[data].popleft()) for due, data in sent if moments.get(data)]


def figures(sent: Sequence[tuple[float, str]], heard: Sequence[tuple[float, str]]) -> Figures:
    """Compare messages sent, with deadlines, with messages received, with arrival times; all in seconds.

    Messages are hexadecimal digits, and differ from one another. Raises ValueError if nothing was heard.
    """
    pairs = due_and_heard(sent, heard)
    if not pairs:
        raise ValueError("nothing was received")
    errors = [1e3 * (moment - due) for due, moment in pairs]
    apart = [
        abs(1e3 * ((after[1] - before[1]) - (after[0] - before[0])))
        for before, after in pairwise(pairs)
        if after[0] > before[0]
    ]
    sizes = sorted(map(abs, errors))
    signed = sorted(errors)
    wanted, got = Counter(data for _, data in sent), Counter(data for _, data in heard)
    tenth = max(1, len(errors) // 10)
    return Figures(
        count=len(pairs),
        p50=percentile(sizes, 0.5),
        p99=percentile(sizes, 0.99),
        p999=percentile(sizes, 0.999),
        max=sizes[-1],
        lag=percentile(signed, 0.5),
        interval_p99=percentile(sorted(apart), 0.99) if apart else 0.0,
        drift=fitted_line([due for due, _ in pairs], errors)[2] * (pairs[-1][0] - pairs[0][0]),
        drift_ends=percentile(sorted(errors[-tenth:]), 0.5) - percentile(sorted(errors[:tenth]), 0.5),
        lost=(wanted - got).total(),
        doubled=(got - wanted).total(),
        hanging=_hanging(got),
    )


def histogram(errors: Iterable[float]) -> list[str]:
    """Lines that show how often errors, in milliseconds, were how large."""
    counts = Counter(next(edge for edge in _EDGES if abs(error) <= edge) for error in errors)
    first, last = min(counts), max(counts)
    lines = []
    for below, edge in zip((0.0, *_EDGES), _EDGES, strict=False):
        if first <= edge <= last:
            label = f"to {edge:g} ms" if edge < math.inf else f"over {below:g} ms"
            bar = "#" * math.ceil(_BAR * counts[edge] / max(counts.values()))
            lines.append(f"{label:>12} {counts[edge]:7d} {bar}".rstrip())
    return lines


def _hanging(heard: Counter[str]) -> int:
    """Notes that begin more often than they end, by channel and number."""
    sounding: Counter[str] = Counter()
    for data, times in heard.items():
        sounding[data[1:4]] += times if data[0] == "9" else -times
    return sum(times for times in sounding.values() if times > 0)
