from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle, islice, pairwise
from random import Random

import numpy as np
import pytest

from bachd.music.event import TICKS, parse_line, print_line
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Piece, Step
from bachd.music.pitch import name
from bachd.music.stretches import frozen, periodic
from bachd.neural.composer import LIMIT, PATIENCE, Composer
from bachd.neural.context import Context
from bachd.neural.model import Model
from bachd.neural.sampler import Sampler
from tests.neural.fakes import ScriptedModel, restless

WALTZ = Metre(3, 4)
BARS = 2


def piece(title: str, line: str = "C3.C4 D4 E4 F4 G4 A4 B4 C4 D4 E4 F4 G4", grid: Grid | None = None) -> Piece:
    return Piece(title, parse_line(line), grid or Grid())


def composer(
    model: Model, pieces: Sequence[Piece] = (piece("one"),), *, rng: int = 1, temperature: float = 0.95
) -> Composer:
    random = Random(rng)
    by_name = {each.name: each for each in pieces}
    return Composer(
        model,
        Sampler(model, random, temperature=temperature, top_p=0.98, pitches=(36, 81)),
        first=pieces[0],
        others=[each.name for each in pieces],
        load=by_name.__getitem__,
        bars=BARS,
        rng=random,
    )


def play(composing: Composer, count: int) -> list[Step]:
    return [composing.next() for _ in range(count)]


def line(steps: Iterable[Step]) -> str:
    return print_line(step.event for step in steps)


def test_the_seed_comes_first_and_then_the_model() -> None:
    steps = play(composer(ScriptedModel(parse_line("C3.E4 C3.D4:2 ~C3.E4"))), 11)
    assert line(steps) == "C3.C4 D4 E4 F4 G4 A4 B4 C4 C3.E4 C3.D4:2 ~C3.E4"
    assert [step.origin for step in steps] == [Origin.SEED] * 8 + [Origin.MODEL] * 3
    assert [step.opens for step in steps] == [True] + [False] * 10
    assert {step.piece for step in steps} == {"one"}
    assert [(step.place.bar, step.place.phase) for step in steps[7:]] == [(1, 72), (2, 0), (2, 24), (2, 72)]


def test_the_model_hears_all_that_is_played_and_nothing_of_the_piece_before() -> None:
    model = ScriptedModel([*parse_line("E4:2 F4"), None, *parse_line("G4 A4")])
    one, two = piece("one"), piece("two", grid=Grid(((0, WALTZ),), upbeat=24))
    steps = play(composer(model, [one, two]), 21)
    for grid, music in ((one.grid, steps[:10]), (two.grid, steps[11:])):
        context = Context(0, 1)
        context.reset(grid.place(0))
        tick = 0
        for step in music:
            assert step.place == grid.place(tick)
            if step.origin is Origin.MODEL:
                assert any(np.array_equal(context.window, window) for window in model.heard)
            tick += step.event.ticks
            context.push(step.event, grid.place(tick))


def test_after_the_end_the_bar_is_filled_and_one_more_is_silent() -> None:
    steps = play(composer(ScriptedModel([*parse_line("C3.G3.E4.C5:3"), None])), 11)
    assert line(steps[8:]) == "C3.G3.E4.C5:3 R:5 C3.C4"
    assert [step.origin for step in steps[8:]] == [Origin.MODEL, Origin.BREATH, Origin.SEED]
    assert [step.opens for step in steps[8:]] == [False, False, True]
    assert (steps[9].place.bar, steps[9].place.phase) == (2, 72)
    assert (steps[10].place.bar, steps[10].place.phase) == (0, 0)


@pytest.mark.parametrize(
    ("last", "upbeat", "metre", "rest"),
    [
        ("C4:4", 24, Metre(4, 4), "R:3"),
        ("C4:3", 24, Metre(4, 4), "R:4"),
        ("C4:3", 72, Metre(4, 4), "R:2"),
        ("C4:4", 140, Metre(6, 4), "R:2.167"),  # an upbeat longer than a bar of the piece that has ended
    ],
)
def test_an_upbeat_comes_before_the_bar_line(last: str, upbeat: int, metre: Metre, rest: str) -> None:
    pieces = [piece("one"), piece("two", "C4:8 D4:8", Grid(((0, metre),), upbeat))]
    steps = play(composer(ScriptedModel([*parse_line(last), None]), pieces), 11)
    assert steps[10].piece == "two"
    assert f"R:{round(steps[9].event.ticks / TICKS, 3):g}" == rest
    ticks = sum(step.event.ticks for step in steps[:10]) + upbeat
    assert ticks % 96 == 0


def test_silence_at_the_end_shortens_the_breath_to_two_bars_in_all() -> None:
    script = [*parse_line("C4:2 R:2 R:2"), None]
    assert line(play(composer(ScriptedModel(script)), 13)[8:]) == "C4:2 R:2 R:2 R:2 C3.C4"
    script = [*parse_line("C4:4 R:4 R:4"), None]
    assert line(play(composer(ScriptedModel(script)), 12)[8:]) == "C4:4 R:4 R:4 C3.C4"


def test_each_piece_is_heard_before_one_is_heard_again() -> None:
    pieces = [piece(letter) for letter in "abcdef"]
    music = islice(iter(composer(ScriptedModel([]), pieces).next, None), 400)
    order = [step.piece for step in music if step.opens]
    assert len(order) > 30
    assert all(first != second for first, second in pairwise(order))
    for drawn in range(0, 30, 5):
        assert set(order[drawn : drawn + 6]) == set("abcdef")


def test_the_only_piece_is_played_again() -> None:
    steps = play(composer(ScriptedModel([])), 40)
    assert [step.piece for step in steps if step.opens] == ["one"] * 5


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


@pytest.mark.parametrize("temperature", [0.0, 0.1, 0.95])
@pytest.mark.parametrize("certainty", [6.0, 12.0, 1000.0])
@pytest.mark.parametrize(
    "wish",
    [
        "C4",
        "~C3.~E3.~G3:8",
        "R:3",
        "R:0.125",
        "C4 D4 E4",
        "C4:4 ~C4:4",
        " ".join(
            f"{name}{octave}:{length}" for name in "CDEFG" for octave in (3, 4) for length in (1, 2, 3, 4, 0.5, 6)
        ),
    ],
)
def test_no_model_however_stubborn_freezes_or_circles(wish: str, certainty: float, temperature: float) -> None:
    model = ScriptedModel(cycle(parse_line(wish)), certainty)
    pieces = [piece(name(low), f"{name(low)}.E5 D5 R:{low}/24 G3:2 R:8", Grid(upbeat=low)) for low in range(36, 60)]
    steps = play(composer(model, pieces, temperature=temperature), 400)
    assert frozen((step.event, step.place) for step in steps) == []
    assert periodic([step.event for step in steps]) == {}


def test_an_event_that_would_freeze_the_music_is_drawn_again_before_the_piece_is_given_up() -> None:
    steps = play(composer(ScriptedModel(parse_line("C4:4 " * 50), certainty=5.0)), 60)
    model_events = [step for step in steps if step.origin is Origin.MODEL]
    assert len({step.event.sounding for step in model_events}) > 5
    assert sum(step.opens for step in steps) < 10


def test_a_piece_that_does_not_end_is_ended_at_a_resting_chord() -> None:
    lows = Random(1)
    tritones = [f"{name(low)}.{name(low + 6)}" for low in (lows.randrange(48, 60) for _ in range(3 * PATIENCE))]
    early = "".join(f"{a} {b} {c} C3.G3.E4.C5 " for a, b, c in zip(*[iter(tritones)] * 3, strict=True))
    late = (
        "C4.F#4 D4.G#4 E4.A#4 D4.G#4 "
        "C4.F#4 C3.G3.E4.C5:2 E4.A#4 "  # not at a bar line
        "C4.F#4:3.5 C3.G3.E4.C5:0.5 "  # too short
        "C3.G3.F4.D5:4 "  # no triad
        "C4.F#4:2 C3.G3.E4.C5:2 "
    )
    script = parse_line(early)[4:] + parse_line(late)
    steps = play(composer(ScriptedModel(script + parse_line(early))), 8 + len(script) + 1)
    assert line(steps[-13:]) == f"{late}R:4"


def test_a_piece_that_finds_no_rest_is_ended_anyhow() -> None:
    model = restless(Random(2))
    steps = play(composer(model), 6000)
    ends = [before.place.bar for before, after in pairwise(steps) if after.origin is Origin.BREATH]
    assert len(ends) > 2
    assert all(BARS + PATIENCE - 1 <= bar <= BARS + LIMIT for bar in ends)
    assert all(36 <= pitch <= 81 for step in steps if step.origin is Origin.MODEL for pitch in step.event.sounding)


def test_the_same_rng_gives_the_same_steps_and_another_does_not() -> None:
    def music(rng: int) -> list[Step]:
        pieces = [piece(letter) for letter in "abc"]
        return play(composer(restless(Random(4)), pieces, rng=rng), 500)

    assert music(1) == music(1)
    assert music(1) != music(2)
