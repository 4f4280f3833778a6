from __future__ import annotations

from collections.abc import Iterator
from math import log
from random import Random

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.fit.data.stream import spell
from bachd.training.fit.dataset import Spelled

pytest.importorskip("tqdm", reason="needs the extra 'train'")
from bachd.training.baselines import ngram, ngram_table
from bachd.training.baselines.ngram import NGram, _choices, _possible, best, counted


def encoded(text: str) -> Spelled:
    return spell(Piece("piece", parse_line(text), Grid()))


SCALE = "C4 D4 E4 F4 G4 A4 B4 C5"


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_chances_sum_to_one_over_what_is_possible(order: int, relative: bool) -> None:
    table = NGram(order, relative=relative)
    table.fit([encoded(SCALE), encoded("C4.E4 ~C4.F4:0.5 R")])
    music = [encoded("E4.G4 ~E4.A4:2 C4")]
    possible = _possible(music)
    for chances in table._chances(_choices(music), slice(0, len(possible)), possible):
        assert chances.sum(axis=1) == pytest.approx(1)
        assert not chances[~possible].any()
        assert (chances[possible] > 0).all()


def test_each_order_is_part_of_the_next() -> None:
    train, music = [encoded(SCALE), encoded("F4 E4 D4 C4.E4 ~C4.D4")], [encoded("E4 F4 G4 A4")]
    longest = NGram(4, relative=True)
    longest.fit(train)
    for order, score in enumerate(longest.scores(music), 1):
        table = NGram(order, relative=True)
        table.fit(train)
        assert table.score(music) == score == longest.shortened(order).score(music)


def test_a_context_is_all_that_was_said_from_the_start_of_the_piece_on() -> None:
    # After C and A comes B or F, and only the very first note tells which.
    train = [encoded("A4 C5 A4 B4"), encoded("G4 C5 A4 F4")]
    table = NGram(12, relative=False)
    table.fit(train)
    for piece in train:
        assert table.score([piece]).pitch_event_accuracy == pytest.approx(3 / 4)  # the first note is a guess


def test_the_best_is_the_one_that_does_best_on_what_is_for_choosing() -> None:
    tune, elsewhere = encoded(SCALE), encoded("F4 G4 A4 A#4 C5 D5 E5 F5")
    found = best(counted([tune]), [elsewhere])
    assert found.relative
    assert 4 <= found.order <= 8
    for order in range(4, 9):
        for relative in (True, False):
            other = NGram(order, relative=relative)
            other.fit([tune])
            assert found.score([elsewhere]).event_nll <= other.score([elsewhere]).event_nll


def test_a_table_that_knows_nothing_takes_everything_for_equally_likely() -> None:
    score = NGram(3, relative=False).score([encoded("C4")])
    # C4 or another of 72 pitches, END or END_OF_PIECE; then END or a pitch below C4; then one of 22 lengths;
    # then END_OF_PIECE or not.
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


def test_memory_does_not_grow_with_the_music_and_what_is_frequent_is_still_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scales(first: int, last: int) -> Iterator[Spelled]:
        for seed in range(first, last):
            random = Random(seed)
            notes = [SCALE, *(f"{random.choice('CDEFGAB')}{random.choice((3, 4, 5))}" for _ in range(40))]
            yield encoded(" ".join(notes))

    free = NGram(6, relative=False)
    free.fit(scales(0, 60))
    monkeypatch.setattr(ngram, "_BLOCK", 200)
    blockwise = NGram(6, relative=False)
    blockwise.fit(scales(0, 60))
    assert blockwise.score(scales(60, 63)) == free.score(scales(60, 63))
    monkeypatch.setattr(ngram_table, "MOST", 400)
    bounded = NGram(6, relative=False)
    bounded.fit(scales(0, 60))
    assert max(len(table.names) for table in free._tables) > 1000
    assert max(len(table.names) for table in bounded._tables) <= 400
    assert bounded.score([encoded(SCALE)]).event_nll < 1.2 * free.score([encoded(SCALE)]).event_nll
