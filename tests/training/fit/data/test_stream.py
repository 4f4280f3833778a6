from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line
from bachd.music.form import written
from bachd.music.metre import Grid, Metre
from bachd.music.notes import Note, cut
from bachd.music.piece import Piece
from bachd.neural import features
from bachd.neural.outlook import NOWHERE, along
from bachd.training.fit.data import stream
from bachd.training.fit.data.records import Chords, Packed, in_layout, pack
from bachd.training.fit.dataset import EMPTY, LEAD, Batch, Encoded, Indexes
from tests.training.fit import scalar

CADENCE = parse_line("G2.B3.D4.G4 D3.A3.D4.F#4:0.5 ~D3.C4.~D4.~F#4:0.5 R:0.5 G2.B3.D4.G4:2.75")
NOTES = st.tuples(st.integers(0, 400), st.integers(1, 60), st.integers(20, 100))
GRIDS = st.sampled_from([Grid(), Grid(((0, Metre(3, 8)), (120, Metre(2, 4))), 6), Grid(((0, Metre(12, 8)),), 36)])


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    notes = [Note(start, start + length, pitch) for start, length, pitch in draw(st.lists(NOTES, min_size=1))]
    return Piece("any", cut(notes), draw(GRIDS))


def piece(events: tuple[Event, ...] = CADENCE, name: str = "cadence") -> Piece:
    return Piece(name, events, Grid())


def same(found: Encoded, wanted: Encoded) -> None:
    for name in ("rows", "symbols", "notes", "lengths"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)


def whole(packed: Packed, view: int, shift: int = 0, past: Chords | None = None) -> Encoded:
    """The only piece in some, as it is shown."""
    shown = stream.Shown(np.array([0]), np.array([view]), np.array([shift]), lambda _: past)
    batch = next(stream.batches(packed, shown, batch_size=1, crop_length=int(packed.first[-1])))
    return Encoded("any", batch.rows[0], batch.symbols[0], batch.notes[0], batch.lengths[0], (0, 0))


@given(pieces(), st.booleans())
@settings(deadline=None)
def test_arrays_are_what_the_functions_say_that_are_used_in_playing(any_: Piece, planned: bool) -> None:
    form = written.of(any_) if planned else None
    same(stream.encode(any_, form), scalar.encode(any_, form))


@given(pieces(), st.integers(-5, 6), st.sampled_from([stream.PLANNED, stream.UNPLANNED, stream.GIVEN]))
@settings(deadline=None)
def test_a_piece_in_another_key_is_seen_as_the_piece_transposed(any_: Piece, shift: int, view: int) -> None:
    any_ = Piece("any", tuple(in_layout(any_)), any_.grid)
    packed = pack([(any_, written.of(any_))], melodies=True)
    low, high = packed.room[0].tolist()
    shift = min(high, max(low, shift))
    other = scalar.moved(any_, shift)
    outlooks = {
        stream.PLANNED: along(written.of(other), other.events),
        stream.UNPLANNED: [NOWHERE] * (len(other.events) + 1),
        stream.GIVEN: scalar.melodic(other.events),
    }
    if written.of(other).home != written.of(any_).home.moved(shift, minor=written.of(any_).home.minor):
        return  # two keys fit as well, and the first of them in the order of the alphabet is taken
    wanted = scalar.encode_events(other, other.events, outlooks[view])
    found = whole(packed, view, shift)
    np.testing.assert_array_equal(found.symbols, wanted.symbols)
    keys = slice(features.OUTLOOK, features.ROW)
    np.testing.assert_array_equal(np.delete(found.rows, keys, 1), np.delete(wanted.rows, keys, 1))
    np.testing.assert_array_equal(found.notes[..., : features.TONICS], wanted.notes[..., : features.TONICS])


@pytest.mark.parametrize("shift", [-3, 0, 4])
@pytest.mark.parametrize("view", [stream.PLANNED, stream.UNPLANNED, stream.GIVEN])
def test_keys_and_phrases_move_with_the_piece(shift: int, view: int) -> None:
    line = parse_line("C3.E4.G4.C5 F3.F4.A4.~C5 G3.D4.~G4.B4:0.5 F3.D4.G4.~B4:0.5 C3.E4.G4.C5:2 R")
    here, there = piece(line * 6), scalar.moved(piece(line * 6), shift)
    outlooks = {
        stream.PLANNED: along(written.of(there), there.events),
        stream.UNPLANNED: [NOWHERE] * (len(there.events) + 1),
        stream.GIVEN: scalar.melodic(there.events),
    }
    found = whole(pack([(here, written.of(here))], melodies=True), view, shift)
    same(found, scalar.encode_events(there, there.events, outlooks[view]))


@given(pieces(), st.integers(0, 9))
@settings(deadline=None)
def test_another_past_is_seen_and_what_was_written_is_to_be_predicted(any_: Piece, seed: int) -> None:
    events = in_layout(any_)
    random = np.random.default_rng(seed)
    pitches = -np.sort(-random.integers(features.LOWEST, features.HIGHEST, (len(events), 3)))
    pitches[:, 1:][pitches[:, 1:] == pitches[:, :-1]] = -1
    pitches = -np.sort(-pitches)
    past = Chords(pitches.astype(np.int16), (random.random(pitches.shape) < 0.3) & (pitches >= 0))
    found = whole(pack([(any_, None)]), stream.UNPLANNED, past=past)
    wanted = scalar.encode_events(any_, scalar.to_events(past, events), [NOWHERE] * (len(events) + 1))
    same(found, wanted)


def test_each_row_of_symbols_spells_its_event_from_the_top_and_the_last_one_ends_the_piece() -> None:
    encoded = stream.encode(piece())
    spelled = [[int(symbol) for symbol in row if symbol != EMPTY] for row in encoded.symbols]
    # 2.75 quarters is no length of the layout's, so the last chord is two events.
    assert len(spelled) == 7
    start, hold = features.START - features.LOWEST, features.HOLD - features.LOWEST
    assert spelled[0] == [start + 67, start + 62, start + 59, start + 43, features.END]
    assert spelled[2] == [hold + 66, hold + 62, start + 60, hold + 50, features.END]
    assert spelled[3] == [features.END]
    assert spelled[-1] == [features.END_OF_PIECE]
    assert encoded.lengths[-1] == EMPTY


@given(pieces())
def test_decisions_alone_are_those_of_the_whole(any_: Piece) -> None:
    found, wanted = stream.spell(any_), stream.encode(any_)
    np.testing.assert_array_equal(found.symbols, wanted.symbols)
    np.testing.assert_array_equal(found.lengths, wanted.lengths)


@pytest.mark.parametrize("crop", [1, 2, 5, 64])
def test_in_order_every_event_is_predicted_once(crop: int) -> None:
    packed = pack([(piece(), None), (piece(CADENCE[:2]), None), (piece(CADENCE * 9), None)])
    symbols = [
        _wide(row).tobytes()
        for batch in stream.batches(packed, stream.as_written(packed), batch_size=3, crop_length=crop)
        for row in _spoken(batch.symbols)
    ]
    assert len(symbols) == packed.first[-1]
    singly = [stream.encode(each).symbols for each in (piece(), piece(CADENCE[:2]), piece(CADENCE * 9))]
    assert sorted(symbols) == sorted(_wide(row).tobytes() for each in singly for row in each)


@pytest.mark.parametrize("seed", range(5))
def test_an_epoch_predicts_every_event_once_in_as_many_steps_as_it_says(seed: int) -> None:
    packed = pack([(piece(), None), (piece(CADENCE * 9), None)])
    entries = np.array([0, 1, 1])
    shown = stream.Shown(entries, np.full(3, stream.PLANNED), np.zeros(3, int))
    rng = np.random.default_rng(seed)
    epoch = list(stream.batches(packed, shown, batch_size=2, crop_length=16, rng=rng))
    sizes = np.diff(packed.first)[entries]
    assert sum(len(_spoken(batch.symbols)) for batch in epoch) == sizes.sum()
    assert len(epoch) <= stream.steps_per_epoch(packed, entries, batch_size=2, crop_length=16)
    assert all(batch.rows.shape[1] == 16 + LEAD for batch in epoch)


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_workers_divide_the_events_of_an_epoch_among_them(workers: int) -> None:
    packed = pack([(piece(), None), (piece(CADENCE * 9), None)])

    def epoch(share: stream.Share) -> list[Batch]:
        shown, rng = stream.as_written(packed), np.random.default_rng(3)
        return list(stream.batches(packed, shown, batch_size=4, crop_length=8, rng=rng, share=share))

    together = epoch(stream.Share())
    apart = [epoch(stream.Share(worker, workers)) for worker in range(workers)]
    for whole_batch, *parts in zip(together, *apart, strict=True):
        for name in ("rows", "lengths"):
            joined = np.concatenate([getattr(part, name) for part in parts])
            np.testing.assert_array_equal(joined, getattr(whole_batch, name), err_msg=name)
        for name in ("symbols", "notes"):
            joined = np.concatenate([getattr(part, name)[part.symbols != EMPTY] for part in parts])
            wanted = getattr(whole_batch, name)[whole_batch.symbols != EMPTY]
            np.testing.assert_array_equal(joined, wanted, err_msg=name)
        assert max(len(part.rows) for part in parts) - min(len(part.rows) for part in parts) <= 1
    asked = [sum(len(_spoken(batch.symbols)) for batch in own) for own in apart]
    assert sum(asked) == packed.first[-1]
    assert sum(events > 0 for events in asked) > 1


def test_a_chord_of_very_many_notes_widens_its_own_batch_only() -> None:
    wide = piece((Event(tuple(range(30, 80)), (), 24),))
    packed = pack([(wide, None), (piece(CADENCE * 9), None)])
    found = stream.batches(packed, stream.as_written(packed), batch_size=1, crop_length=8)
    assert {batch.symbols.shape[2] for batch in found if (batch.symbols != EMPTY).any()} == {51, 5}


def test_an_epoch_is_in_another_order_than_the_pieces_and_the_same_every_time() -> None:
    packed = pack([(piece(CADENCE * 40), None)])

    def epoch(seed: int) -> list[Batch]:
        rng = np.random.default_rng(seed)
        return list(stream.batches(packed, stream.as_written(packed), batch_size=1, crop_length=8, rng=rng))

    first, again, other = epoch(1), epoch(1), epoch(2)
    assert all((one.rows == two.rows).all() for one, two in zip(first, again, strict=True))
    assert any((one.rows != two.rows).any() for one, two in zip(first, other, strict=False))


def test_no_piece_sees_the_one_before_it() -> None:
    def windows(some: list[Piece]) -> set[bytes]:
        packed, seen = pack([(each, None) for each in some]), set()
        for batch in stream.batches(packed, stream.as_written(packed), batch_size=4, crop_length=8):
            views = np.lib.stride_tricks.sliding_window_view(batch.rows, features.CONTEXT, axis=1)
            seen |= {view.tobytes() for view in views[batch.symbols[..., 0] != EMPTY]}
        return seen

    first, second = piece(CADENCE * 9), scalar.moved(piece(CADENCE * 9), 3)
    assert windows([first, second]) == windows([first]) | windows([second])


def _spoken(symbols: Indexes) -> Indexes:
    spoken: Indexes = symbols[symbols[..., 0] != EMPTY]
    return spoken


def _wide(row: Indexes) -> Indexes:
    return np.pad(row, (0, 5 - len(row)), constant_values=EMPTY)
