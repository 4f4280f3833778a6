"""Percentiles and fitted lines."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.summary_statistics import fitted_line, percentile, percentiles

NUMBERS = st.floats(-1e6, 1e6, width=32)


def test_percentiles_are_values_that_occurred() -> None:
    ranked = [float(number) for number in range(1, 101)]
    assert [percentile(ranked, share) for share in (0.0, 0.5, 0.99, 0.999, 1.0)] == [1, 50, 99, 100, 100]


@given(st.lists(NUMBERS, min_size=1), st.floats(0, 1))
def test_percentiles_are_those_of_numpy(values: list[float], share: float) -> None:
    exact = share * len(values)
    if exact == round(exact) or abs(exact - round(exact)) > 1e-6:  # otherwise rounding decides
        expected = np.percentile(values, 100 * share, method="inverted_cdf")
        assert percentile(sorted(values), share) == expected


def test_percentiles_are_reported_by_name() -> None:
    assert percentiles([3.0, 1.0, 2.00004]) == {"p50": 2.0, "p99": 3.0, "p999": 3.0, "max": 3.0}
    assert percentiles([1.0], "p50", "max") == {"p50": 1.0, "max": 1.0}
    assert math.isnan(percentiles([])["p99"])


@given(st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=2))
def test_a_line_is_that_of_numpy(points: list[tuple[int, int]]) -> None:
    xs, ys = [float(x) for x, _ in points], [float(y) for _, y in points]
    x, y, slope = fitted_line(xs, ys)
    assert (x, y) == pytest.approx((np.mean(xs), np.mean(ys)))
    if len(set(xs)) == 1:
        assert slope == 0.0
    else:
        assert slope == pytest.approx(np.polyfit(xs, ys, 1)[0], abs=1e-6)
