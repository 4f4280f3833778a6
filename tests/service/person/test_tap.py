from __future__ import annotations

import pytest

from bachd.service.person.tap import TapTempo


def tempo(*moments: float) -> float | None:
    taps, found = TapTempo(), None
    for moment in moments:
        found = taps.tap(moment)
    return found


def test_one_tap_is_no_tempo_and_two_are() -> None:
    assert tempo(1.0) is None
    assert tempo(1.0, 1.5) == pytest.approx(120)


def test_one_late_tap_changes_little() -> None:
    assert tempo(0.0, 0.5, 1.0, 1.6, 2.0, 2.5) == pytest.approx(120)


def test_a_pause_begins_anew() -> None:
    assert tempo(0.0, 0.5, 10.0) is None
    assert tempo(0.0, 0.5, 10.0, 11.0) == pytest.approx(60)


def test_a_foot_that_trembles_taps_once() -> None:
    assert tempo(0.0, 0.01, 0.5) == pytest.approx(120)


def test_the_last_taps_count() -> None:
    assert tempo(*(each * 0.5 for each in range(9)), *(4 + each for each in range(1, 9))) == pytest.approx(60)
