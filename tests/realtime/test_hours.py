from __future__ import annotations

from datetime import time

import pytest

from bachd.realtime.hours import opening, parse_hours


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("08:00-22:00", ["08:00", "12:30", "21:59"], ["22:00", "07:59", "00:00"]),
        ("8:00 to 24:00", ["08:00", "23:59"], ["00:00", "07:59"]),
        ("22:00-06:30", ["22:00", "00:00", "06:29"], ["06:30", "21:59"]),
        ("00:00-24:00", ["00:00", "23:59"], []),
    ],
)
def test_hours_hold_their_first_minute_and_not_their_last(text: str, inside: list[str], outside: list[str]) -> None:
    hours = parse_hours(text)
    assert all(time.fromisoformat(moment) in hours for moment in inside)
    assert not any(time.fromisoformat(moment) in hours for moment in outside)
    assert parse_hours(str(hours)) == hours


@pytest.mark.parametrize("text", ["", "8-22", "08:00", "25:00-26:00", "08:60-09:00", "24:00-08:00", "08:00-08:00", "x"])
def test_what_is_no_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"hours|time at all"):
        parse_hours(text)


def test_the_next_opening_is_said() -> None:
    hours = [parse_hours("08:00-12:00"), parse_hours("15:00-22:00")]
    said = [opening(hours, time.fromisoformat(moment)) for moment in ("07:00", "12:00", "22:00", "14:59")]
    assert said == ["08:00", "15:00", "08:00", "15:00"]
