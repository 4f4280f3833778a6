"""A piece keeps to what its seed piece counts, where the bundle wants it to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bachd.music.event import TICKS, Event, parse_line
from bachd.music.form.character import Character, Tally, tally
from bachd.music.form.habits import Habits
from bachd.music.form.plan import Quote, close_at
from bachd.music.form.planner import plan
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Piece
from bachd.neural import features
from bachd.neural.composer import Composer
from bachd.neural.context import Context
from bachd.neural.features import LENGTHS, LOWEST, SYMBOLS, FloatArray
from bachd.neural.music_state import MusicState
from bachd.neural.outlook import NOWHERE, Outlook
from bachd.neural.planning.effort import Fixed
from bachd.neural.planning.guide import Guide
from bachd.neural.planning.texture import Texture
from bachd.neural.runtime import Int8Array
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import SURE, FixedModel

PIECE = Piece("seed", parse_line("C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:0.5 F4:0.5 E4 " * 24), Grid())
LONG = Habits(bars=(40,), breathes=False, long_ends=0, returns=0, sequences=0)


class Indifferent(FixedModel):
    """Plays any of six notes alone, as an eighth or as a quarter note."""

    def __init__(self) -> None:
        super().__init__(lambda: np.full(features.LOGITS, -SURE, np.float32))

    def head_logits(
        self, hidden: Int8Array, chosen: Sequence[int], sounded: tuple[int, ...], outlook: Outlook = NOWHERE
    ) -> FloatArray:
        logits = super().head_logits(hidden, chosen, sounded, outlook)
        logits[[features.END] if chosen else [pitch - LOWEST for pitch in (60, 62, 64, 65, 67, 69)]] = 0
        logits[[SYMBOLS + LENGTHS.index(ticks) for ticks in (12, 24)]] = 0
        return logits


def composed(likeness: float, candidates: int, rng: int) -> list[Event]:
    random = Random(rng)
    composer = Composer(
        Indifferent(),
        Sampler(Indifferent(), random, temperature=1, top_p=1, pitches=(48, 72)),
        first=PIECE,
        others=["seed"],
        load=lambda _: PIECE,
        bars=4,
        rng=random,
        habits=LONG,
        effort=Fixed(candidates),
        memory=0,
        likeness=likeness,
    )
    steps = [composer.next() for _ in range(200)]
    return [step.event for step in steps if step.origin is Origin.MODEL]


@pytest.mark.parametrize("candidates", [1, 8])
def test_a_piece_is_more_like_its_seed_piece_the_more_that_is_wanted(candidates: int) -> None:
    character = Character(PIECE.events)

    def deviation(likeness: float) -> float:
        return sum(character.deviation(tally(composed(likeness, candidates, rng))) for rng in (1, 2, 3))

    assert deviation(1.0) < 0.8 * deviation(0.0)


def test_the_same_numbers_give_the_same_piece() -> None:
    assert composed(1.0, 4, 1) == composed(1.0, 4, 1)


def test_what_is_to_return_is_left_alone() -> None:
    begin = 4 * TICKS
    form = plan(LONG, Key(0), Grid(), (0, begin), Random(1))
    state = MusicState(Context(0, 1))
    state.begin(Grid(), form)
    for event in parse_line("F#2.C3:0.25 " * 16):
        state.push(event)
    free = Guide(form, Texture(1, ()), 0.0, Character(PIECE.events))
    assert free.wish(state, free.lean(state)).lean is not None
    assert free.unlike(state, 0) > 0
    quoting = replace(form, quotes=(Quote(begin, 0, begin),))
    bound = Guide(quoting, Texture(1, ()), 0.0, Character(PIECE.events))
    assert bound.wish(state, bound.lean(state)).lean is None
    state.push(Event((60,), (), TICKS))
    assert bound.unlike(state, begin) == 0


def test_the_last_phrase_is_left_alone_to_find_home() -> None:
    form = plan(LONG, Key(0), Grid(), (0, 4 * TICKS), Random(1))
    guide = Guide(form, Texture(1, ()), 0.0, Character(PIECE.events))
    state = MusicState(Context(0, 1))
    state.begin(Grid(), form)
    while state.tick < form.phrases[-1].begin:
        state.push(Event((60,), (), TICKS))
    assert guide.wish(state, guide.lean(state)).lean is None
    assert guide.unlike(state, state.tick) == 0
    assert guide.unlike(state, form.phrases[-2].begin) > 0


def test_going_back_forgets_what_was_counted() -> None:
    state = MusicState(Context(0, 1))
    state.begin(Grid(), close_at(8 * TICKS, Key(0), Metre(4, 4)))
    mark = state.mark()
    state.push(Event((60,), (), TICKS))
    assert state.tally != Tally()
    state.resume(mark)
    assert state.tally == Tally()
