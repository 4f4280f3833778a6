from __future__ import annotations

from math import log

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.dataset import Encoded, encode

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training.ngram import NGram, _choices


def encoded(text: str) -> Encoded:
    return encode(Piece("piece", parse_line(text), Grid()))


SCALE = "C4 D4 E4 F4 G4 A4 B4 C5"


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_chances_sum_to_one_over_what_is_possible(order: int, relative: bool) -> None:
    table = NGram(order, relative=relative)
    table.fit([encoded(SCALE), encoded("C4.E4 ~C4.F4:0.5 R")])
    for choice in _choices(encoded("E4.G4 ~E4.A4:2 C4"), order - 1):
        assert table._chances(choice).sum() == pytest.approx(1)


def test_a_table_that_knows_nothing_takes_everything_for_equally_likely() -> None:
    score = NGram(3, relative=False).score([encoded("C4")])
    # C4 or another of 72 pitches, END or FINE; then END or a pitch below C4; then one of 22 lengths; then FINE or not.
    assert score.events == 2
    assert score.event_nll == pytest.approx((log(74) + log(36 + 1) + log(22) + log(72 + 1 + 2)) / 2)


def test_a_relative_table_knows_a_tune_in_another_key() -> None:
    tune, elsewhere = encoded(SCALE), encoded("F4 G4 A4 A#4 C5 D5 E5 F5")
    scores = []
    for relative in (True, False):
        table = NGram(4, relative=relative)
        table.fit([tune])
        scores.append(table.score([elsewhere]).event_nll)
    assert scores[0] < 0.5 * scores[1]


def test_a_longer_memory_predicts_what_a_shorter_one_cannot() -> None:
    music = encoded(" ".join(["C4 D4 C4 E4"] * 20))
    nats = []
    for order in (1, 2, 6):
        table = NGram(order, relative=False)
        table.fit([music])
        nats.append(table.score([music]).event_nll)
    assert np.all(np.diff(nats) < 0)
