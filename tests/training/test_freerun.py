from __future__ import annotations

import pytest

from bachd.config import Config
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training import freerun


@pytest.mark.parametrize(
    ("before", "after", "fifths", "octaves"),
    [
        ((43, 50, 59, 67), (45, 52, 60, 69), 1, 1),  # G to A with everything in step: G-D and G-G
        ((43, 50, 59, 67), (42, 50, 60, 69), 0, 0),  # contrary motion
        ((48, 55, 64, 72), (48, 55, 65, 72), 0, 0),  # what stays makes no parallel
        ((48, 55, 64, 67), (47, 55, 62, 67), 0, 0),  # a fifth between voices that stay
    ],
)
def test_parallels(before: tuple[int, ...], after: tuple[int, ...], fifths: int, octaves: int) -> None:
    assert freerun.parallels(before, after, 7) == fifths
    assert freerun.parallels(before, after, 0) == octaves


def test_what_is_measured_has_the_settings_that_play() -> None:
    config = Config()
    assert (config.sampling.temperature, config.sampling.top_p) == (freerun.TEMPERATURE, freerun.TOP_P)
    assert config.sampling.range is None
    assert config.seed.bars == freerun.BARS


def test_habits_are_counted_per_thousand_changes_of_four_voices() -> None:
    music = parse_line("G2.D3.B3.G4 A2.E3.C4.A4 ~A2.~E3.~C4.~A4 A2.E3.C4 B2.F3.D4.B4 C3.G3.E4.C5")
    habits = freerun.of_pieces([Piece("steps", music, Grid())], (43, 84))
    # G to A, and B to C; A held makes no change, and a chord of three notes is none of four.
    assert habits.octaves == pytest.approx(1000)
    assert habits.fifths == pytest.approx(500)  # B-F is no fifth
    assert habits.out_of_range == 0
    assert (habits.events, habits.pieces, habits.frozen, habits.periodic) == (6, 1, 0, 0)
