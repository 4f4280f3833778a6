from __future__ import annotations

from itertools import cycle, islice, pairwise
from random import Random

import numpy as np

from bachd.music.event import parse_line
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Step
from bachd.neural import features
from bachd.neural.context import Context
from bachd.neural.features import FloatArray
from tests.neural.composing import SHORT, WALTZ, composer, line, melodious, piece, play
from tests.neural.fakes import FixedModel, ScriptedModel, restless


def test_the_seed_comes_first_and_then_the_model() -> None:
    steps = play(composer(ScriptedModel(parse_line("C3.E4 C3.D4:2 ~C3.E4"))), 11)
    assert line(steps) == "C3.C4 D4 E4 F4 G4 A4 B4 C4 C3.E4 C3.D4:2 ~C3.E4"
    assert [step.origin for step in steps] == [Origin.SEED] * 8 + [Origin.MODEL] * 3
    assert [step.opens for step in steps] == [True] + [False] * 10
    assert {step.piece for step in steps} == {"one"}
    assert [(step.place.bar, step.place.phase) for step in steps[7:]] == [(1, 72), (2, 0), (2, 24), (2, 72)]


def _cut_in_two(seed: str) -> float:
    """Share of the events composed in which what sounded only goes on, with a model that likes to hold notes."""
    random = Random(1)

    def logits() -> FloatArray:
        values = np.array([random.gauss(0, 1) for _ in range(features.LOGITS)], np.float32)
        values[features.HOLD : features.END] += 7
        values[features.END] += 4
        return values

    steps = play(composer(FixedModel(logits), [piece("one", seed)]), 400)
    made = [(before, step) for before, step in pairwise(steps) if step.origin is Origin.MODEL]
    cut = [step for before, step in made if not step.event.starts and step.event.sounding == before.event.sounding]
    return len(cut) / len(made)


def test_where_voices_come_and_go_a_chord_is_seldom_cut_in_two() -> None:
    flowing, choir = _cut_in_two("C4 D4 E4 F4 G4 A4 B4 C5 " * 4), _cut_in_two("C3.G3.E4.C5 D3.A3.F4.D5 " * 8)
    assert flowing < choir / 3


def test_a_step_knows_where_in_its_phrase_it_is() -> None:
    steps = play(composer(melodious(), habits=SHORT), 60)
    ends = 0
    for step, after in pairwise(steps):
        if step.origin is Origin.BREATH or after.origin is Origin.BREATH:
            assert (step.phrase is None) == (step.origin is Origin.BREATH)
            continue
        assert step.phrase is not None
        assert after.phrase is not None
        (since, ticks), (later, _) = step.phrase, after.phrase
        assert 0 <= since < ticks or step.place.bar > 0
        if later < since + step.event.ticks:  # the next phrase
            ends += 1
            assert since + step.event.ticks >= ticks
        else:
            assert later == since + step.event.ticks
    assert ends > 2


def test_the_model_hears_all_that_is_played_and_nothing_of_the_piece_before() -> None:
    model = ScriptedModel(cycle(parse_line("E4:2 F4 G4:2 A4 C4.E4.G4:0.5")))
    one, two = piece("one"), piece("two", grid=Grid(((0, WALTZ),), upbeat=24))
    steps = play(composer(model, [one, two], habits=SHORT), 40)
    (breath, *_) = [index for index, step in enumerate(steps) if step.origin is Origin.BREATH]
    for grid, music in ((one.grid, steps[:breath]), (two.grid, steps[breath + 1 : breath + 12])):
        context = Context(0, 1)
        context.reset(grid.place(0))
        tick = 0
        for step in music:
            assert step.place == grid.place(tick)
            if step.origin is Origin.MODEL:
                heard = context.window[..., : features.OUTLOOK]  # what follows was told of the plan
                assert any(np.array_equal(heard, window[..., : features.OUTLOOK]) for window in model.heard)
            tick += step.event.ticks
            context.push(step.event, grid.place(tick))


def test_each_piece_is_heard_before_one_is_heard_again() -> None:
    pieces = [piece(letter) for letter in "abcdef"]
    music = islice(iter(composer(melodious(), pieces, habits=SHORT).next, None), 1500)
    order = [step.piece for step in music if step.opens]
    assert len(order) > 24
    assert all(first != second for first, second in pairwise(order))
    for drawn in range(0, 20, 5):
        assert set(order[drawn : drawn + 6]) == set("abcdef")


def test_the_only_piece_is_played_again() -> None:
    steps = play(composer(melodious(), habits=SHORT), 300)
    assert {step.piece for step in steps} == {"one"}
    assert sum(step.opens for step in steps) > 3


def test_what_the_seed_does_after_its_first_bars_stays_its_own() -> None:
    seed = piece("one", grid=Grid(((0, Metre(4, 4)), (192, WALTZ))))
    assert {step.place.metre for step in play(composer(ScriptedModel(parse_line("C4 " * 20)), [seed]), 20)} == {
        Metre(4, 4)
    }


def test_a_seed_is_put_in_terms_the_model_has() -> None:
    seed = piece("one", "C-1.C4:5/24 ~C-1.E8 G4:163/24 C4")
    steps = (
        play(composer(ScriptedModel(parse_line("F4"))), 9),
        play(composer(ScriptedModel(parse_line("F4")), [seed]), 6),
    )
    assert line(steps[1]) == "C1.C4:1/6 ~C1.~C4:1/24 ~C1.E6 G4:6 ~G4:0.75 ~G4:1/24"
    assert line(steps[0])[-2:] == "F4"


def test_a_seed_shorter_than_its_bars_is_played_whole() -> None:
    assert line(play(composer(ScriptedModel(parse_line("D4")), [piece("one", "C4 E4")]), 3)) == "C4 E4 D4"


def test_the_same_rng_gives_the_same_steps_and_another_does_not() -> None:
    def music(rng: int) -> list[Step]:
        pieces = [piece(letter) for letter in "abc"]
        return play(composer(restless(Random(4)), pieces, rng=rng, candidates=3), 300)

    assert music(1) == music(1)
    assert music(1) != music(2)
