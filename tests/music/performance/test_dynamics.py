"""Loudness follows metre and phrase, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse
from bachd.music.metre import Metre, Place
from bachd.music.performance.dynamics import level, velocities

METRES = [Metre(4, 4), Metre(3, 4), Metre(2, 2), Metre(6, 8), Metre(12, 8)]


def eighths(bar: int, metre: Metre) -> list[int]:
    """Levels of a bar's eighth notes."""
    return [level(Place(bar, phase, metre)) for phase in range(0, metre.bar, 12)]


@pytest.mark.parametrize(
    ("metre", "expected"),
    [
        (Metre(4, 4), [82, 73, 76, 73, 78, 73, 75, 72]),  # the third beat above the second and the fourth
        (Metre(3, 4), [82, 73, 76, 73, 75, 72]),
        (Metre(6, 8), [82, 73, 73, 76, 72, 72]),  # two felt beats
        (Metre(12, 8), [82, 73, 73, 76, 73, 73, 78, 73, 72, 75, 72, 71]),
    ],
    ids=str,
)
def test_downbeat_half_bar_beat_and_off_beat_stand_out_in_that_order(metre: Metre, expected: list[int]) -> None:
    assert eighths(2, metre) == expected


@pytest.mark.parametrize("metre", METRES, ids=str)
def test_a_phrase_swells_to_its_middle(metre: Metre) -> None:
    first, second, third, fourth = (level(Place(bar, 0, metre)) for bar in range(4))
    assert first < second == fourth < third


@given(st.integers(0, 10_000), st.sampled_from(METRES))
def test_the_phrases_are_all_alike(bar: int, metre: Metre) -> None:
    assert eighths(bar, metre) == eighths(bar % 4, metre)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C3.E3.G3.C4", {48: 72, 52: 72, 55: 72, 60: 78}),
        ("C3.~C4", {48: 72}),  # the top voice is held: what starts below it stays below it
        ("~C3.C4", {60: 78}),
        ("~C3", {}),
        ("R", {}),
    ],
)
def test_the_top_voice_carries(text: str, expected: dict[int, int]) -> None:
    assert velocities(parse(text), Place(0, 0, Metre(4, 4))) == expected


@given(st.integers(0, 10_000), st.sampled_from(METRES), st.integers(0, 10_000))
def test_velocities_are_never_silent_and_never_too_large(bar: int, metre: Metre, phase: int) -> None:
    event = Event(tuple(range(128)), (), 1)
    found = velocities(event, Place(bar, phase % metre.bar, metre))
    assert found.keys() == set(range(128))
    assert all(1 <= velocity <= 127 for velocity in found.values())
