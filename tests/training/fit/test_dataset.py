from __future__ import annotations

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.fit.data.stream import encode
from bachd.training.fit.dataset import EMPTY, LEAD, Encoded, Indexes, in_order, shuffled, steps_per_epoch

CADENCE = parse_line("G2.B3.D4.G4 D3.A3.D4.F#4:0.5 ~D3.C4.~D4.~F#4:0.5 R:0.5 G2.B3.D4.G4:2.75")


def encoded(times: int) -> Encoded:
    return encode(Piece("cadence", CADENCE * times, Grid()))


@pytest.mark.parametrize("crop", [1, 2, 5, 64])
def test_in_order_predicts_every_event_once(crop: int) -> None:
    pieces = [encoded(1), encoded(2), encoded(9)]
    symbols = [
        row.tobytes() for batch in in_order(pieces, batch_size=3, crop_length=crop) for row in _spoken(batch.symbols)
    ]
    assert sorted(symbols) == sorted(row.tobytes() for each in pieces for row in each.symbols)


@pytest.mark.parametrize("seed", range(5))
def test_an_epoch_predicts_every_event_once_in_as_many_steps_as_it_says(seed: int) -> None:
    pieces = [encoded(1), encoded(9)]
    epoch = list(shuffled(pieces, batch_size=2, crop_length=16, rng=np.random.default_rng(seed)))
    assert sum(len(_spoken(batch.symbols)) for batch in epoch) == sum(len(each.lengths) for each in pieces)
    assert len(epoch) <= steps_per_epoch(pieces, batch_size=2, crop_length=16)
    assert all(batch.rows.shape[1] == 16 + LEAD for batch in epoch)


def _spoken(symbols: Indexes) -> Indexes:
    spoken: Indexes = symbols[symbols[..., 0] != EMPTY]
    return spoken
