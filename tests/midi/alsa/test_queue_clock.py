"""Two clocks that are held against each other by a thread that may be held up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bachd.midi.alsa.queue_clock import compared


def clocks(*holdups: float) -> tuple[Callable[[], float], Callable[[], float]]:
    """A queue's clock that is 3 s ahead, whose readers are held up afterwards, and the system's clock."""
    now, waits = 100.0, iter(holdups)

    def queue() -> float:
        nonlocal now
        now += 0.0001
        read = now + 3.0
        now += next(waits)
        return read

    return queue, lambda: now


def test_a_quick_look_is_enough() -> None:
    assert compared(*clocks(0.0001)) == pytest.approx(3.0)


def test_a_look_in_which_the_thread_was_held_up_is_not_believed() -> None:
    assert compared(*clocks(0.008, 0.0001)) == pytest.approx(3.0)


def test_of_nothing_but_slow_looks_the_quickest_is_believed() -> None:
    assert compared(*clocks(0.008, 0.002, 0.005, 0.003)) == pytest.approx(3.0, abs=0.001)
