from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.neural.features import FloatArray
from bachd.neural.sampling.guidance import Recalled
from bachd.neural.sampling.nucleus import COLD, draw, shares

SHARES = (0.1, 0.4, 0.2, 0.3)


class Given(Random):
    """Gives these numbers, and no more."""

    def __init__(self, *numbers: float) -> None:
        super().__init__()
        self.left = list(numbers)

    def random(self) -> float:
        return self.left.pop(0)


def logits(weights: Sequence[float] = SHARES) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.log(np.asarray(weights, np.float32))


def drawn(
    number: float, temperature: float = 1.0, top_p: float = 1.0, recalled: Recalled | None = None, *more: float
) -> int:
    """What is drawn with these random numbers, which must all be used."""
    rng = Given(number, *more)
    found = draw(logits(), temperature, top_p, rng, recalled)
    assert rng.left == []
    return found


@pytest.mark.parametrize(
    ("number", "index"), [(0.0, 0), (0.09, 0), (0.11, 1), (0.49, 1), (0.51, 2), (0.69, 2), (0.71, 3), (0.999999, 3)]
)
def test_a_number_falls_into_the_share_of_one(number: float, index: int) -> None:
    assert drawn(number) == index


def test_what_is_outside_the_nucleus_is_drawn_again_from_inside() -> None:
    # The likeliest two reach 0.6: 0 and 2 are out, and their draws are shared out 4 to 3.
    assert drawn(0.05, 1.0, 0.6, None, 0.56) == 1
    assert drawn(0.05, 1.0, 0.6, None, 0.58) == 3
    assert drawn(0.6, 1.0, 0.6, None, 0.999999) == 3
    assert drawn(0.3, 1.0, 0.6) == 1
    assert drawn(0.8, 1.0, 0.6) == 3


def test_the_nucleus_is_as_small_as_it_can_be() -> None:
    assert drawn(0.8, 1.0, 0.39, None, 0.999999) == 1  # one alone reaches 0.39
    assert drawn(0.55, 1.0, 0.75) == 2  # three are needed
    assert drawn(0.05, 1.0, 0.95) == 0  # all of them


def test_of_equal_weights_the_first_are_the_nucleus() -> None:
    equal = np.zeros(100, np.float32)
    assert draw(equal.copy(), 1.0, 0.495, Given(0.495)) == 49
    assert draw(equal.copy(), 1.0, 0.495, Given(0.505, 0.999999)) == 49


def test_temperature_is_the_power_that_weights_are_taken_to() -> None:
    colder = np.asarray(SHARES) ** 2
    edge = float(colder[0] / colder.sum())
    assert drawn(edge - 0.001, 0.5) == 0
    assert drawn(edge + 0.001, 0.5) == 1


@pytest.mark.parametrize("temperature", [0.0, COLD / 2])
def test_without_temperature_the_likeliest_comes_and_no_number_is_used(temperature: float) -> None:
    assert draw(logits(), temperature, 1.0, Given()) == 1


def test_a_tiny_temperature_is_drawn_and_overflows_nothing() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert drawn(0.5, COLD) == 1


@pytest.mark.parametrize(("odds", "index"), [(0.5, 1), (1.0, 1), (1.5, 2)])
def test_without_temperature_what_is_recalled_comes_if_it_is_likelier_than_not(odds: float, index: int) -> None:
    assert draw(logits(), 0.0, 1.0, Given(), Recalled(2, odds)) == index


def test_what_is_recalled_is_mixed_in_with_its_odds() -> None:
    # At odds of 1, half of it: 0.05, 0.2, 0.6, 0.15.
    recalled = Recalled(2, 1.0)
    assert [drawn(number, 1.0, 1.0, recalled) for number in (0.04, 0.06, 0.26, 0.84, 0.86)] == [0, 1, 2, 2, 3]
    assert drawn(0.06, 1.0, 0.6, recalled, 0.5) == 2  # and it is the nucleus


def test_what_is_recalled_but_ruled_out_is_forgotten() -> None:
    values = logits((0.25, 0.75, 0.0))
    assert draw(values.copy(), 1.0, 1.0, Given(0.9), Recalled(2, 100.0)) == 1
    assert draw(values.copy(), 0.0, 1.0, Given(), Recalled(2, 100.0)) == 1
    assert shares(values, Recalled(2, 100.0)) == pytest.approx([0.25, 0.75, 0.0])


@given(st.lists(st.sampled_from([0.0, 0.1, 1.0]), min_size=2, max_size=6).filter(any), st.floats(0, 0.999999999))
def test_what_has_no_weight_is_never_drawn(weights: list[float], number: float) -> None:
    for top_p in (0.1, 0.5, 1.0):
        assert weights[draw(logits(weights), 1.0, top_p, Given(number, number))] > 0


@pytest.mark.parametrize("recalled", [None, Recalled(0, 0.5), Recalled(3, 2.0)])
def test_shares_are_how_often_each_is_drawn(recalled: Recalled | None) -> None:
    rng = Random(1)
    counts = Counter(draw(logits(), 1.0, 1.0, rng, recalled) for _ in range(20_000))
    found = shares(logits() + 50, recalled)
    assert found.sum() == pytest.approx(1)
    assert [counts[index] / 20_000 for index in range(4)] == pytest.approx(found.tolist(), abs=0.015)
