from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.training.evaluate.analysis.dissonance import Dissonances, count


@pytest.mark.parametrize(
    ("music", "found"),
    [
        ("C3.E3.G3 C3.E3.G3", Dissonances(0, 0, 0)),
        ("C3.G3.E4.C5 C3.~G3.F4.C5:0.5 C3.G3.E4.C5", Dissonances(2, 0, 0)),  # a fourth over the bass, a second
        ("C3.E4.C5 D3.D4.~C5 D3.D4.B4", Dissonances(2, 0, 0)),  # a suspension, in both octaves
        ("C3.E4.G4 C3.E4.B4 E3.G4", Dissonances(1, 0, 1)),  # a seventh that is left by a leap
        ("C3.E4 F3.G4 C3.E4", Dissonances(1, 1, 1)),  # a ninth out of the blue
        ("C3.F4", Dissonances(1, 0, 0)),  # nothing before it and nothing after
    ],
)
def test_a_dissonance_has_a_beginning_and_an_end(music: str, found: Dissonances) -> None:
    assert count(parse_line(music)) == found


def test_one_that_lasts_is_one() -> None:
    assert count(parse_line("C3.B3 ~C3.~B3 C3.B3 C3.C4")).all == 1


def test_what_comes_first_may_be_left_out() -> None:
    assert count(parse_line("C3.B3 C3.C4 C3.D4 C3.E4"), first=1).all == 1
