"""A cadence is told from a chord that only passes."""

from __future__ import annotations

import pytest

from bachd.music.event import parse
from bachd.music.form.cadence import ends_phrase, rests
from bachd.music.metre import Metre, Place

COMMON, WALTZ = Metre(4, 4), Metre(3, 4)


@pytest.mark.parametrize("text", ["C3.G3.E4.C5", "A2.E3.A3.C4:2", "~C3.~E4", "C3:4"])
def test_a_triad_over_its_root_or_a_part_of_one_rests(text: str) -> None:
    assert rests(parse(text))


@pytest.mark.parametrize("text", ["C3.G3.E4.C5:0.5", "E3.G3.C4", "C3.G3.F4.D5", "C4.F#4", "R:4", "C3.E3.G#3"])
def test_what_is_short_or_inverted_or_no_triad_does_not(text: str) -> None:
    assert not rests(parse(text))


@pytest.mark.parametrize(
    ("before", "chord", "place", "after", "ends"),
    [
        ("G2.B3.D4.G4", "C3.C4.E4.G4", Place(3, 48, COMMON), "C3.C4.E4.A4", True),
        ("G3.B3.D4.G4:0.5", "C3.C4.E4.G4", Place(3, 0, COMMON), "D3.A3.F4.A4", True),
        ("G3.B3.D4.G4", "~G3.C3.C4.E4", Place(3, 48, COMMON), "C3.C4.E4.A4", True),  # one voice was there before
        ("G2.B3.D4.G4", "C3.C4.E4.G4", Place(3, 24, COMMON), "C3.C4.E4.A4", False),  # a weak beat
        ("G2.B3.D4.G4", "C3.C4.E4.G4", Place(3, 36, WALTZ), "C3.C4.E4.A4", True),
        ("F2.A3.C4.F4", "C3.C4.E4.G4", Place(3, 48, COMMON), "C3.C4.E4.A4", False),  # no dominant before it
        ("F2.A3.C4.F4", "C3.C4.E4.G4:1.5", Place(3, 48, COMMON), "C3.C4.E4.A4", True),  # but long
        ("G2.B3.D4.G4", "C3.C4.E4.G4:2", Place(3, 48, COMMON), "~C3.C4.E4.A4", False),  # a voice goes on
        ("G2.B3.D4.G4", "~G3.~D4.C3.E4:2", Place(3, 48, COMMON), "C3.C4.E4.A4", False),
        ("G2.B3.G4", "C3.E4.G4:2", Place(3, 48, COMMON), "C3.C4.E4", False),  # three voices
        ("R", "C3.C4.E4.G4", Place(3, 48, COMMON), "C3.C4.E4.A4", False),
    ],
)
def test_a_phrase_ends_with_a_long_chord_or_with_dominant_and_tonic(
    before: str, chord: str, place: Place, after: str, ends: bool
) -> None:
    assert ends_phrase(parse(before), parse(chord), place, parse(after)) is ends
