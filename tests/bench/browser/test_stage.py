"""The stage's bench knows growth from its absence, and plays as many times as fast as it says."""

from __future__ import annotations

import pytest

from bachd.config import Config
from bachd.music.event import Event
from bachd.music.metre import COMMON_TIME, Place
from bachd.music.piece import Origin, Step
from bench.browser import hurried
from bench.browser.stage import grown


def test_growth_is_that_of_the_last_quarter() -> None:
    assert grown([2.0, 4.0, 3.0, 3.0, 9.0, 3.0, 2.0, 4.0]) == 0.0
    assert grown([2.0, 2.0, 2.5, 3.0]) == pytest.approx(50.0)
    assert grown([2.0]) == 0.0


def test_every_tempo_is_multiplied_while_it_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Step(Event((60,), (), 24), Place(0, 0, COMMON_TIME), Origin.MODEL, "bwv269", tempo=126.0)
    seen = []

    def main() -> int:
        seen.append(Config().pace(step))
        return 0

    monkeypatch.setattr(hurried, "main", main)
    usual = Config().pace(step)
    assert hurried.hurry(16.0) == 0
    assert seen == [16 * usual]
    assert Config().pace(step) == usual == 1.5
