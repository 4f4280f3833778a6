from __future__ import annotations

from bachd.neural.planning.effort import MOST, Adaptive, Fixed

TWO_BARS = 192


def test_a_number_is_the_same_whatever_the_machine() -> None:
    effort = Fixed(5)
    effort.composed(10.0)
    assert effort.candidates(TWO_BARS, 20) == 5


def test_a_fast_machine_compares_as_many_as_help() -> None:
    effort = Adaptive()
    for _ in range(50):
        effort.composed(0.0003)
    assert effort.candidates(TWO_BARS, 20) == MOST


def test_a_slow_machine_compares_fewer_and_never_none() -> None:
    effort = Adaptive()
    for _ in range(50):
        effort.composed(0.006)
    slow = effort.candidates(TWO_BARS, 20)
    assert 1 <= slow < MOST
    for _ in range(50):
        effort.composed(1.0)
    assert effort.candidates(TWO_BARS, 20) == 1
