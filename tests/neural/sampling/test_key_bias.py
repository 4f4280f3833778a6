from __future__ import annotations

import pytest

from bachd.music.keys import Key
from bachd.neural.features import LOWEST
from bachd.neural.sampling import key_bias


def by_class(key: Key, *, firmly: bool = False) -> list[float]:
    """What is added to the logit of each pitch class, from C."""
    bias = key_bias.of(key, 1.0, None, firmly=firmly)
    return [float(bias[(60 - LOWEST + pitch_class) % 12]) for pitch_class in range(12)]


@pytest.mark.parametrize(
    ("key", "scale"),
    [(Key(7), {7, 9, 11, 0, 2, 4, 6}), (Key(9, minor=True), {9, 11, 0, 2, 4, 5, 6, 7, 8})],
)
def test_all_notes_of_a_key_are_preferred_alike_to_those_that_are_foreign(key: Key, scale: set[int]) -> None:
    bias = by_class(key)
    assert {bias[pitch_class] for pitch_class in scale} == {0.0}
    assert all(bias[pitch_class] < -1 for pitch_class in set(range(12)) - scale)


def test_where_a_piece_is_about_to_end_the_tonic_is_preferred_to_the_leading_note() -> None:
    firm = by_class(Key(0), firmly=True)
    assert firm[0] > firm[11] > firm[1]
