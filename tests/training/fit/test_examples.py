from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.form import written
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.neural import features, outlook
from bachd.training.fit import examples
from bachd.training.fit.dataset import EMPTY, Encoded, _transposed, encode, encode_events
from bachd.training.recipe import Recipe

LINE = "C3.E4.G4.C5 F3.F4.A4.~C5 G3.D4.~G4.B4:0.5 F3.D4.G4.~B4:0.5 C3.E4.G4.C5:2"
PIECE = Piece("a", parse_line(" ".join([LINE] * 6)), Grid())
FORM = written.of(PIECE)
GIVEN = slice(features.OUTLOOK + outlook.GIVEN, features.DEGREE)


@pytest.fixture
def example() -> examples.Example:
    return examples.example(PIECE, FORM)


def shown(example: examples.Example, **shares: float) -> Encoded:
    recipe = replace(Recipe(), unplanned=shares.get("unplanned", 0.0), given=shares.get("given", 0.0))
    return examples.shown(example, recipe, examples.voicings([example]), np.random.default_rng(1))


def test_usually_a_piece_is_shown_with_its_plan_and_nothing_is_given(example: examples.Example) -> None:
    found = shown(example)
    assert found.rows[features.CONTEXT - 1 :, features.OUTLOOK : features.OUTLOOK + outlook.HOME].any()
    assert not found.rows[:, GIVEN].any()
    assert (found.rows == encode(PIECE, FORM).rows).all()


def test_without_its_plan_it_is_as_a_network_of_the_layout_before_sees_it(example: examples.Example) -> None:
    found = shown(example, unplanned=1.0)
    assert not found.rows[:, features.OUTLOOK :].any()
    assert not found.notes[..., features.TONICS :].any()
    assert (found.rows == encode(PIECE).rows).all()


def test_a_given_top_voice_is_seen_and_not_to_be_predicted(example: examples.Example) -> None:
    found = shown(example, given=1.0)
    usual = encode(PIECE)
    assert (found.symbols[:-1, 0] == EMPTY).all()
    assert (found.symbols[:-1, 1:] == usual.symbols[:-1, 1:]).all()
    for index, event in enumerate(PIECE.events):
        (pitch, *_) = np.flatnonzero(found.rows[features.CONTEXT - 1 + index, GIVEN])
        assert pitch + outlook.LOWEST == event.sounding[-1]
    assert not found.rows[:, features.OUTLOOK : features.OUTLOOK + outlook.HOME].any()


def test_an_altered_past_keeps_lengths_and_top_notes(example: examples.Example) -> None:
    line = LINE.replace("F3.F4.A4", "A3.E4.F4").replace("C3.E4.G4", "E3.G3.G4")
    other = Piece("b", parse_line(" ".join([line] * 6)), Grid())
    known = examples.voicings([examples.example(other, FORM)])
    past = examples.altered_past(example, known, np.random.default_rng(2))
    assert [event.ticks for event in past] == [event.ticks for event in PIECE.events]
    assert [event.sounding[-1] for event in past] == [event.sounding[-1] for event in PIECE.events]
    assert past != list(PIECE.events)


def test_what_is_to_be_predicted_from_an_altered_past_is_still_what_was_written(example: examples.Example) -> None:
    past = list(PIECE.events)
    past[3] = parse_line("B3.D4.F4.~B4:0.5")[0]
    found = encode_events(PIECE, PIECE.events, past, example.planned)
    usual = encode(PIECE, FORM)
    assert (found.symbols == usual.symbols).all()
    assert (found.notes[4] != usual.notes[4]).any()


@pytest.mark.parametrize("shift", [-3, 4])
def test_a_transposed_piece_is_the_piece_transposed(example: examples.Example, shift: int) -> None:
    moved = Piece(
        "a",
        tuple(
            replace(event, starts=tuple(p + shift for p in event.starts), held=tuple(p + shift for p in event.held))
            for event in PIECE.events
        ),
        Grid(),
    )
    for shares in ({}, {"given": 1.0}):
        found = _transposed(shown(example, **shares), shift)
        wanted = shown(examples.example(moved, written.of(moved)), **shares)
        assert (found.rows == wanted.rows).all()
        assert (found.notes == wanted.notes).all()
        assert (found.symbols == wanted.symbols).all()


def test_below_a_given_voice_the_past_is_the_networks_own_if_that_is_known(example: examples.Example) -> None:
    own = [replace(event, starts=event.sounding[-1:], held=()) for event in PIECE.events]
    recipe = replace(Recipe(), given=1.0)
    found = examples.shown(example, recipe, examples.voicings([example]), np.random.default_rng(1), own)
    assert (found.rows == encode_events(PIECE, PIECE.events, own, example.melodic).rows).all()
