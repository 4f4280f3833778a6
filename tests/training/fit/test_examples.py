from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.form import written
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.fit.data import altered
from bachd.training.fit.data.records import Packed, chords, pack
from bachd.training.fit.data.stream import GIVEN, PLANNED, UNPLANNED, Shown
from bachd.training.recipe import Recipe
from tests.training.fit import scalar

pytest.importorskip("keras", reason="needs the extra 'train'")

from bachd.training.fit import examples
from bachd.training.fit.own_past import Pasts

LINE = "C3.E4.G4.C5 F3.F4.A4.~C5 G3.D4.~G4.B4:0.5 F3.D4.G4.~B4:0.5 C3.E4.G4.C5:2 R"
PIECE = Piece("a", parse_line(" ".join([LINE] * 6)), Grid())
pytestmark = pytest.mark.filterwarnings("ignore")  # TensorFlow's own


@pytest.fixture
def packed() -> Packed:
    other = Piece("b", parse_line(" ".join([LINE.replace("F3.F4.A4", "A3.E4.F4")] * 6)), Grid())
    return pack([(each, written.of(each)) for each in (PIECE, other)], melodies=True)


def shown(packed: Packed, recipe: Recipe, seed: int = 1, own: Pasts | None = None) -> Shown:
    pieces = np.repeat(np.arange(len(packed)), 200)
    return examples.shown(packed, pieces, recipe, altered.voicings(packed), (recipe.rng, seed), own)


def test_as_large_shares_are_shown_as_the_recipe_says(packed: Packed) -> None:
    found = shown(packed, replace(Recipe(), given=0.25, unplanned=0.5))
    shares = [float((found.views == view).mean()) for view in (PLANNED, UNPLANNED, GIVEN)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.1)
    assert set(found.shifts.tolist()) == set(range(-5, 7))
    assert sorted(found.pieces.tolist()) == [0] * 200 + [1] * 200
    assert found.pieces.tolist() != sorted(found.pieces.tolist())


def test_an_epoch_follows_from_its_seed(packed: Packed) -> None:
    recipe = replace(Recipe(), given=0.3, altered=0.5)
    one, again, other = (shown(packed, recipe, seed) for seed in (1, 1, 2))
    assert (one.shifts == again.shifts).all()
    assert (one.shifts != other.shifts).any()
    for entry in range(20):
        first, second = one.past(entry), again.past(entry)
        assert (first is None) == (second is None)
        assert first is None or second is None or (first.pitches == second.pitches).all()


def test_a_piece_moves_no_further_than_the_layout_reaches() -> None:
    high = pack([(piece, None) for piece in [Piece("high", parse_line("B6 A6"), Grid())]])
    found = examples.shown(high, np.zeros(50, int), Recipe(), altered.voicings(high), (1, 1))
    assert set(found.shifts.tolist()) == set(range(-5, 1))


def test_an_altered_past_keeps_lengths_top_notes_and_what_is_held_of_them(packed: Packed) -> None:
    found = altered.altered_past(packed, 0, altered.voicings(packed), np.random.default_rng(2))
    past = scalar.to_events(found, PIECE.events)  # which fails for notes that do not ascend
    assert [event.sounding[-1:] for event in past] == [event.sounding[-1:] for event in PIECE.events]
    assert past != list(PIECE.events)
    for event, true, before in zip(past, PIECE.events, [None, *past], strict=False):
        if true.sounding and true.sounding[-1] in true.held:
            assert event.sounding[-1] in event.held
        if event != true:
            assert before is not None
            assert set(event.held) <= {*before.sounding, *true.held}


def test_voicings_are_those_below_the_same_degree(packed: Packed) -> None:
    known = altered.voicings(packed)
    events = chords(packed, np.arange(packed.first[-1]))
    found = known.below[known.first[0] : known.first[1]]  # the tonic in major, which both pieces are in
    tonics = events.pitches[events.pitches[:, 0] == 72]
    wanted = {tuple(row) for row in np.where(tonics >= 0, tonics - 72, 0)[:, 1:].tolist()}
    assert {tuple(row) for row in found.tolist()} == wanted
    assert known.first[-1] == (events.pitches[:, 0] >= 0).sum()


def test_below_a_given_voice_the_past_is_the_networks_own_if_that_is_known(packed: Packed) -> None:
    notes = np.zeros((int(packed.first[-1]) + 1, 2), np.uint8)
    notes[: packed.first[1] - 1, 0] = 60
    found = shown(packed, replace(Recipe(), given=1.0, altered=1.0), own=Pasts(notes))
    first, second = (int(np.flatnonzero(found.pieces == piece)[0]) for piece in (0, 1))
    played, other = found.past(first), found.past(second)
    assert played is not None
    assert played.pitches.tolist() == [[60, -1]] * len(PIECE.events)
    assert other is not None, "what was not played is altered"
    assert len(other.pitches) == packed.first[2] - packed.first[1] - 1


def test_a_chord_of_very_many_notes_widens_no_altered_past_of_another_piece() -> None:
    wide = Piece("wide", parse_line("C2.D2.E2.F2.G2.A2.B2.C3.D3.E3.F3.G3.A3"), Grid())
    both = pack([(each, written.of(each)) for each in (PIECE, wide)], melodies=True)
    found = altered.altered_past(both, 0, altered.voicings(both), np.random.default_rng(2))
    assert found.pitches.shape == found.held.shape
    assert found.pitches.shape[1] == 4
