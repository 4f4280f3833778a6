from __future__ import annotations

import numpy as np
import pytest

from bachd.music.event import Event
from bachd.neural.features import END, HOLD, LENGTHS, LOWEST, START
from bachd.neural.sampling.guidance import Guidance, Recalled
from bachd.neural.sampling.spelling import excess, limit_lengths, recalled_symbol, to_event

C, E, G = (pitch - LOWEST for pitch in (60, 64, 67))
TOP, BOTTOM = Recalled(START + G, 2.0), Recalled(START + C, 3.0)
LINES = Guidance(top=TOP, bottom=BOTTOM, voices=3)


@pytest.mark.parametrize(
    ("chosen", "recalled"),
    [
        ([], TOP),
        ([START + G], None),  # two notes are missing: the inner voice is the network's
        ([START + G, START + E], BOTTOM),
        ([START + G, START + E, START + C], Recalled(END, BOTTOM.odds)),
        ([START + G, START + E, HOLD + C], Recalled(END, BOTTOM.odds)),  # it sounds, whichever way it began
        ([START + G, START + E, START + C + 2], BOTTOM),
    ],
)
def test_the_top_line_is_recalled_first_and_the_bottom_line_last(chosen: list[int], recalled: Recalled | None) -> None:
    assert recalled_symbol(LINES, chosen) == recalled


def test_without_a_bottom_line_only_the_top_is_recalled() -> None:
    assert recalled_symbol(Guidance(top=TOP, voices=1), [START + G]) is None


def lengths_left(guidance: Guidance) -> list[int]:
    logits = np.zeros(len(LENGTHS), np.float32)
    limit_lengths(logits, guidance)
    assert set(logits.tolist()) <= {0.0, -np.inf}
    return [ticks for ticks, logit in zip(LENGTHS, logits, strict=True) if logit == 0]


@pytest.mark.parametrize(
    ("guidance", "left"),
    [
        (Guidance(), list(LENGTHS)),
        (Guidance(longest=6), [1, 2, 3, 4, 6]),
        (Guidance(longest=7), [1, 2, 3, 4, 6]),
        (Guidance(longest=0), [1]),  # one is always left
        (Guidance(exactly=24), [24]),
        (Guidance(exactly=25), [24]),  # the rest is another event, which is held
        (Guidance(exactly=0), [1]),
        (Guidance(exactly=1000), [192]),
        (Guidance(exactly=12, longest=3), [12]),
    ],
)
def test_lengths_that_miss_the_place_are_ruled_out(guidance: Guidance, left: list[int]) -> None:
    assert lengths_left(guidance) == left


def test_what_a_bound_costs_is_the_share_that_is_left() -> None:
    free = np.log(np.asarray([0.5, 0.3, 0.2], np.float32)) + 7
    bound = free.copy()
    assert excess(free, bound) == pytest.approx(0, abs=1e-6)
    bound[0] = -np.inf
    assert excess(free, bound) == pytest.approx(np.log(1 / 0.5), abs=1e-5)
    bound[:] = -np.inf
    assert 60 < excess(free, bound) < 80  # a great deal, and still a number


def test_symbols_from_the_top_down_are_an_event_from_the_bottom_up() -> None:
    chosen = [START + G, HOLD + E, START + C, HOLD + C - 12]
    assert to_event(chosen, 36) == Event((60, 67), (48, 64), 36)
    assert to_event([HOLD], 12) == Event((), (LOWEST,), 12)
    assert to_event([], 12) == Event((), (), 12)
