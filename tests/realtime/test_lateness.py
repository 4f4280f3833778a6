"""Lateness is a histogram that says what a sorted list would have said."""

from __future__ import annotations

import math
import threading

from hypothesis import given
from hypothesis import strategies as st

from bachd.realtime.lateness import Lateness, Summary


def of(*seconds: float) -> Lateness:
    lateness = Lateness()
    for each in seconds:
        lateness.record(each)
    return lateness


def test_nothing_recorded_is_nothing_late() -> None:
    assert of().take() == Summary(0, 0.0, 0.0, 0.0)


@given(st.lists(st.floats(1e-5, 250.0), min_size=1, max_size=200))
def test_percentiles_are_those_of_the_sorted_list_to_five_per_cent(seconds: list[float]) -> None:
    summary, ordered = of(*seconds).take(), sorted(seconds)
    for share, found in ((0.5, summary.p50), (0.99, summary.p99)):
        exact = ordered[math.ceil(share * len(ordered)) - 1]
        assert exact * 0.999 <= found <= exact * 1.051
    assert summary.max == ordered[-1]
    assert summary.count == len(seconds)


def test_an_early_message_is_on_time() -> None:
    assert of(-0.2).take() == Summary(1, 0.0, 0.0, 0.0)


def test_hours_late_is_still_counted() -> None:
    assert of(7200.0).take().max == 7200.0


def test_take_forgets_and_overall_does_not() -> None:
    lateness = of(0.004, 0.002)
    assert lateness.take().count == 2
    lateness.record(0.001)
    assert lateness.take() == Summary(1, 0.001, 0.001, 0.001)
    assert lateness.take().count == 0
    assert (lateness.overall().count, lateness.overall().max) == (3, 0.004)


def test_prints_milliseconds() -> None:
    assert str(Summary(9, 0.0001, 0.0025, 0.012)) == "p50 0.10 ms, p99 2.50 ms, max 12.00 ms"


def test_threads_lose_no_message() -> None:
    lateness = Lateness()

    def record_many() -> None:
        for _ in range(2000):
            lateness.record(0.001)

    threads = [threading.Thread(target=record_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lateness.overall().count == 8000


@given(st.lists(st.floats(1e-5, 250.0), min_size=1, max_size=200))
def test_the_spread_counts_each_message_once_where_it_belongs(seconds: list[float]) -> None:
    spread = of(*seconds).spread()
    assert sum(count for _, count in spread) == len(seconds)
    for edge, _ in spread:
        counted = sum(count for upto, count in spread if upto <= edge)
        assert sum(each <= edge * 0.999 for each in seconds) <= counted <= sum(each <= edge * 1.001 for each in seconds)
