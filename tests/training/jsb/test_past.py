from __future__ import annotations

import pytest

from bachd.training.jsb.data import Chorale
from bachd.training.jsb.past import MATCHES, collections, matches

ONE, TWO, THREE = (67, 62, 59, 43), (66, 62, 57, 50), (64, 60, 55, 48)


def piece(*chords: tuple[int, ...], lengths: tuple[int, ...] | None = None) -> Chorale:
    return Chorale(chords, lengths or (4,) * len(chords))


def test_the_longest_match_proposes_how_it_went_on() -> None:
    found, long = matches(piece(ONE, TWO, THREE, ONE, TWO, ONE, TWO, THREE))
    # Before the last stands ONE TWO, first followed by THREE, then by ONE: the later one counts.
    assert found.tolist() == [-1, -1, -1, -1, 1, 2, 4, 5]
    assert [MATCHES[index] for index in long[4:]] == [1, 2, 1, 2]


def test_a_chord_of_another_length_is_no_match() -> None:
    assert matches(piece(ONE, TWO, ONE, TWO, lengths=(4, 4, 2, 4)))[0].tolist() == [-1, -1, -1, -1]


@pytest.mark.parametrize("at", range(1, 7))
def test_what_is_known_of_a_chord_follows_from_those_before_it(at: int) -> None:
    whole = piece(ONE, TWO, ONE, TWO, THREE, ONE, TWO)
    other = piece(*whole.chords[:at], *[(70, 65, 61, 46)] * (7 - at))
    for one, two in zip(matches(whole), matches(other), strict=True):
        assert one[: at + 1].tolist() == two[: at + 1].tolist()
    assert collections(whole)[: at + 1].tolist() == collections(other)[: at + 1].tolist()


def test_the_scale_is_that_of_the_notes_and_moves_with_them() -> None:
    cadence = piece((67, 62, 59, 55), (66, 62, 57, 50), (64, 60, 55, 48), (67, 62, 59, 43))
    assert collections(cadence)[0] == -1
    assert collections(cadence)[-1] == 7  # G major
    moved = piece(*[tuple(pitch + 3 for pitch in chord) for chord in cadence.chords])
    assert collections(moved)[-1] == 10
    assert collections(piece((-1, -1, -1, -1))).tolist() == [-1, -1]
