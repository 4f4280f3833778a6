from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural.sampling.seed_range import MARGIN, NARROWEST, range_near


def piece(line: str) -> Piece:
    return Piece("seed", parse_line(line), Grid())


@pytest.mark.parametrize(
    ("line", "limits", "used"),
    [
        ("C2.C5", (24, 95), (34, 74)),  # C2 is 36, C5 72
        ("C2.C5", (36, 81), (36, 74)),
        ("~C2.~C5", (24, 95), (34, 74)),  # a held note sounds, too
        ("C4", (24, 95), (48, 72)),
        ("C4", (58, 95), (58, 72)),
        ("C2 A5", (36, 81), (36, 81)),
        ("C1 C4.C5 B8", (36, 81), (54, 78)),  # what lies outside the limits says nothing of the range
    ],
)
def test_the_range_is_that_of_the_seed_and_two_semitones(
    line: str, limits: tuple[int, int], used: tuple[int, int]
) -> None:
    assert range_near(piece(line), limits) == used


@pytest.mark.parametrize("line", ["R:4", "C1 B8"])
def test_a_seed_without_a_note_within_the_limits_leaves_them(line: str) -> None:
    assert range_near(piece(line), (36, 81)) == (36, 81)


@given(st.sets(st.integers(24, 95), min_size=1, max_size=6))
def test_it_holds_the_seed_and_is_wide_enough(pitches: set[int]) -> None:
    low, high = range_near(Piece("seed", (Event(tuple(sorted(pitches)), (), 24),), Grid()), (0, 127))
    assert low <= min(pitches) - MARGIN
    assert high >= max(pitches) + MARGIN
    assert high - low >= NARROWEST
