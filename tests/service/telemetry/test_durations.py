"""How long things took, as Prometheus wants it."""

from __future__ import annotations

import pytest

from bachd.service.telemetry.durations import LIMITS, Durations


def test_each_class_counts_what_took_no_longer() -> None:
    durations = Durations()
    for seconds in (0.0005, 0.001, 0.0011, 0.3, 99.0):
        durations.record(seconds)
    figures = durations.figures()
    buckets = {bucket[0]: bucket[1] for bucket in figures["buckets"]}
    assert list(buckets) == list(LIMITS)
    assert (buckets[0.001], buckets[0.0025], buckets[0.25], buckets[0.5], buckets[2.5]) == (2, 3, 3, 4, 4)
    assert figures["count"] == 5
    assert figures["sum"] == pytest.approx(99.3026)
