from __future__ import annotations

import pytest

from bachd.service.timing.figures import due_and_heard, figures, histogram

ON, OFF = "903c40", "803c40"


def numbered(count: int) -> list[tuple[float, str]]:
    """Notes 20 ms apart, all different."""
    return [(0.02 * number, f"90{number % 128:02x}{1 + number // 128:02x}") for number in range(count)]


def test_errors_are_counted_from_the_deadline() -> None:
    sent = numbered(1000)
    heard = [(due + (0.004 if index == 500 else 0.001), data) for index, (due, data) in enumerate(sent)]
    found = figures(sent, heard)
    assert (found.count, found.lost, found.doubled) == (1000, 0, 0)
    assert found.p50 == pytest.approx(1.0)
    assert found.p99 == pytest.approx(1.0)
    assert found.max == pytest.approx(4.0)
    assert found.lag == pytest.approx(1.0)
    assert found.interval_p99 == pytest.approx(0.0, abs=1e-6)


def test_what_comes_too_early_is_off_as_well() -> None:
    found = figures([(1.0, ON)], [(0.998, ON)])
    assert found.max == pytest.approx(2.0)
    assert found.lag == pytest.approx(-2.0)


def test_drift_is_what_the_error_grows_by() -> None:
    sent = numbered(1000)
    heard = [(1.0001 * due, data) for due, data in sent]
    found = figures(sent, heard)
    assert found.drift == pytest.approx(0.0001 * 0.02 * 999 * 1e3)
    assert found.drift_ends == pytest.approx(0.9 * found.drift, rel=0.02)


def test_what_is_lost_or_heard_twice_is_counted() -> None:
    sent = [(0.0, "903c40"), (0.02, "903e40"), (0.04, "904040")]
    found = figures(sent, [(0.0, "903c40"), (0.04, "904040"), (0.05, "904040")])
    assert (found.count, found.lost, found.doubled) == (2, 1, 1)
    assert due_and_heard(sent, [(0.04, "904040")]) == [(0.04, 0.04)]


def test_a_note_without_its_end_hangs() -> None:
    assert figures([(0.0, ON), (1.0, OFF)], [(0.0, ON)]).hanging == 1
    assert figures([(0.0, ON), (1.0, OFF)], [(0.0, ON), (1.0, OFF)]).hanging == 0


def test_silence_has_no_figures() -> None:
    with pytest.raises(ValueError, match="nothing was received"):
        figures([(0.0, ON)], [])


def test_a_histogram_has_a_line_for_each_size_between_the_smallest_and_the_largest() -> None:
    assert histogram([0.004, -0.004, 0.03]) == [
        " to 0.005 ms       2 " + 40 * "#",
        "  to 0.01 ms       0",
        "  to 0.02 ms       0",
        "  to 0.05 ms       1 " + 20 * "#",
    ]
    assert histogram([100.0]) == ["  over 50 ms       1 " + 40 * "#"]
