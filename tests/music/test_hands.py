from __future__ import annotations

from itertools import product

import pytest

from bachd.music.event import parse_line
from bachd.music.hands import SPAN, fit, hold


@pytest.mark.parametrize(
    ("chord", "playable"),
    [
        ((), True),
        ((60,), True),
        ((36, 50, 72, 86), True),
        ((36, 50, 72), True),
        ((36, 51, 72), False),
        ((36, 51, 66, 81), False),
    ],
)
def test_each_hand_holds_a_ninth(chord: tuple[int, ...], playable: bool) -> None:
    assert fit(chord) is playable


def test_it_finds_a_way_to_share_the_notes_if_there_is_one() -> None:
    for chord in product(range(0, 50, 7), repeat=4):
        notes = sorted(chord)
        shared = any(
            (not low or low[-1] - low[0] <= SPAN) and (not high or high[-1] - high[0] <= SPAN)
            for low, high in ((notes[:place], notes[place:]) for place in range(5))
        )
        assert fit(notes) is shared


def test_a_moment_that_cannot_be_held_does_not_make_a_piece_unplayable() -> None:
    assert hold(parse_line("C4.E4.G4 " * 200 + "C2.D#3.F#4"))
    assert not hold(parse_line("C4.E4.G4 " * 20 + "C2.D#3.F#4"))
    assert hold(())
