"""The master of the bench keeps the time that he is measured by."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytest.importorskip("jack", reason="JACK-Client is not installed")

from bench.clock import STEPS, TICKS, grid


def test_a_masters_grid_has_his_tempos_one_after_the_other() -> None:
    moments, steps = grid(2)
    assert len(moments) == len(STEPS) * 8 * TICKS
    lengths = [later - earlier for earlier, later in pairwise(moments)]
    for bpm, step in zip(STEPS, steps, strict=True):
        assert lengths[step : step + 8 * TICKS - 1] == pytest.approx([60 / (bpm * TICKS)] * (8 * TICKS - 1))
