from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.training.fit.dataset import EMPTY, LEAD, Encoded, Indexes, batches, encode, in_order, steps_per_epoch

CADENCE = parse_line("G2.B3.D4.G4 D3.A3.D4.F#4:0.5 ~D3.C4.~D4.~F#4:0.5 R:0.5 G2.B3.D4.G4:2.75")


def piece(events: tuple[Event, ...] = CADENCE, name: str = "cadence") -> Piece:
    return Piece(name, events, Grid())


def moved(events: tuple[Event, ...], semitones: int) -> tuple[Event, ...]:
    return tuple(
        Event(tuple(p + semitones for p in e.starts), tuple(p + semitones for p in e.held), e.ticks) for e in events
    )


def test_each_row_of_symbols_spells_its_event_from_the_top_and_the_last_one_ends_the_piece() -> None:
    encoded = encode(piece())
    spelled = [[int(symbol) for symbol in row if symbol != EMPTY] for row in encoded.symbols]
    # 2.75 quarters is no length of the layout's, so the last chord is two events.
    assert len(spelled) == 7
    start, hold = features.START - features.LOWEST, features.HOLD - features.LOWEST
    assert spelled[0] == [start + 67, start + 62, start + 59, start + 43, features.END]
    assert spelled[2] == [hold + 66, hold + 62, start + 60, hold + 50, features.END]
    assert spelled[3] == [features.END]
    assert spelled[-1] == [features.END_OF_PIECE]
    assert encoded.lengths[-1] == EMPTY


@given(st.integers(-5, 6))
def test_moving_arrays_is_moving_the_music(semitones: int) -> None:
    rng = np.random.default_rng(0)
    (batch,) = batches([encode(piece())], batch_size=99, crop_length=7, transpose=(semitones, semitones), rng=rng)
    expected = encode(piece(moved(CADENCE, semitones)))
    filled = batch.symbols[..., 0] != EMPTY
    found = {row.tobytes() for row in batch.notes[filled]}
    assert found == {row.tobytes() for row in expected.notes}
    assert {row.tobytes() for row in batch.symbols[filled]} == {row.tobytes() for row in expected.symbols}
    windows = np.lib.stride_tricks.sliding_window_view(batch.rows, features.CONTEXT, axis=1)[filled]
    wanted = np.lib.stride_tricks.sliding_window_view(expected.rows, features.CONTEXT, axis=0)
    assert {window.tobytes() for window in windows} == {window.tobytes() for window in wanted}


def test_a_piece_moves_no_further_than_the_layout_reaches() -> None:
    high = encode(piece(parse_line("B6 A6")))
    for seed in range(8):
        (batch,) = batches([high], batch_size=9, crop_length=64, transpose=(0, 6), rng=np.random.default_rng(seed))
        assert (batch.symbols == features.START + features.PITCHES - 1).any()


@pytest.mark.parametrize("crop", [1, 2, 5, 64])
def test_in_order_predicts_every_event_once(crop: int) -> None:
    pieces = [encode(piece()), encode(piece(CADENCE[:2])), encode(piece(CADENCE * 9))]
    symbols = [
        row.tobytes() for batch in in_order(pieces, batch_size=3, crop_length=crop) for row in _spoken(batch.symbols)
    ]
    assert sorted(symbols) == sorted(row.tobytes() for each in pieces for row in each.symbols)


@pytest.mark.parametrize("seed", range(5))
def test_an_epoch_predicts_every_event_once_in_as_many_steps_as_it_says(seed: int) -> None:
    pieces = [encode(piece()), encode(piece(CADENCE * 9))]
    epoch = list(batches(pieces, batch_size=2, crop_length=16, transpose=(0, 0), rng=np.random.default_rng(seed)))
    assert sum(len(_spoken(batch.symbols)) for batch in epoch) == sum(len(each.lengths) for each in pieces)
    assert len(epoch) <= steps_per_epoch(pieces, batch_size=2, crop_length=16)
    assert all(batch.rows.shape[1] == 16 + LEAD for batch in epoch)


def test_no_piece_sees_the_one_before_it() -> None:
    def windows(pieces: list[Encoded]) -> set[bytes]:
        seen = set()
        for batch in in_order(pieces, batch_size=4, crop_length=8):
            views = np.lib.stride_tricks.sliding_window_view(batch.rows, features.CONTEXT, axis=1)
            seen |= {view.tobytes() for view in views[batch.symbols[..., 0] != EMPTY]}
        return seen

    first, second = encode(piece(CADENCE * 9)), encode(piece(moved(CADENCE, 3)))
    assert windows([first, second]) == windows([first]) | windows([second])


def _spoken(symbols: Indexes) -> Indexes:
    spoken: Indexes = symbols[symbols[..., 0] != EMPTY]
    return spoken
