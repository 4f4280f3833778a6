"""Every piece ends, however the model draws."""

from __future__ import annotations

from itertools import accumulate, cycle, pairwise
from random import Random

import pytest

from bachd.music.event import TICKS, parse_line
from bachd.music.loop_detector import frozen, periodic
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin
from bachd.music.pitch import name
from bachd.neural.composer import Composer
from bachd.neural.planning.effort import Fixed
from bachd.neural.sampling.sampler import Sampler
from tests.neural.composing import WALTZ, composer, melodious, piece, pieces_of, play
from tests.neural.fakes import ScriptedModel


@pytest.mark.parametrize("candidates", [1, 4])
def test_every_piece_ends_at_home_on_a_strong_beat_with_a_long_chord(candidates: int) -> None:
    seed = piece("one", "C3.E4 G3.D4 A3.C4 B3 " * 5 + "G3.B3 C3.C4:4")
    played = pieces_of(play(composer(melodious(), [seed], candidates=candidates), 900))
    assert len(played) > 2
    for steps in played:
        last = steps[-1]
        tick = sum(step.event.ticks for step in steps[:-1])
        ends = accumulate(step.event.ticks for step in steps)
        before = [step for step, end in zip(steps, ends, strict=True) if end > tick - TICKS][:-1]
        assert last.origin is Origin.MODEL
        assert last.event.sounding[0] % 12 == last.event.sounding[-1] % 12 == 0
        assert {pitch % 12 for pitch in last.event.sounding} <= {0, 4, 7}
        assert last.place.phase in (0, 48)
        assert last.event.ticks >= 2 * TICKS
        assert {pitch % 12 for pitch in before[0].event.sounding} <= {7, 11, 2, 5, 0}


def test_a_breath_lasts_for_two_quarters_and_the_next_piece_begins_on_its_bar() -> None:
    pieces = [
        piece("one", "C4 D4 E4 F4 G4 A4 B4 C5:5"),
        piece("two", "C4 D4 E4 F4 G4 A4 B4 C5:2", Grid(((0, WALTZ),), upbeat=24)),
        piece("three", "C4:0.5 D4:0.5 C4:2 C4:2 C4:2", Grid(((0, Metre(3, 8)),), upbeat=12)),
    ]
    steps = play(composer(melodious(), pieces), 1500)
    breaths = [(before, after) for before, after in pairwise(steps) if before.origin is Origin.BREATH]
    assert len({after.piece for _, after in breaths}) == 3
    tick = 0
    for before, after in pairwise(steps):
        tick += before.event.ticks
        if before.origin is Origin.BREATH:
            assert before.event.ticks >= 2 * TICKS
            upbeat = {"one": 0, "two": 24, "three": 12}[after.piece]
            bar = before.place.metre.bar
            assert (before.place.phase + before.event.ticks + upbeat) % bar == 0


def test_the_network_does_not_end_a_piece_where_nothing_comes_to_rest() -> None:
    steps = play(composer(ScriptedModel([*parse_line("C3.G3.E4.C5 G3.D4.B4:0.25"), None, *parse_line("C4 " * 30)])), 20)
    assert [step.origin for step in steps] == [Origin.SEED] * 8 + [Origin.MODEL] * 12


@pytest.mark.parametrize(
    ("title", "seed", "grid"),
    [
        ("one note", "C4", Grid()),
        ("no key", "C4.C#4.D4 D#4.E4.F4 F#4.G4.G#4 A4.A#4.B4", Grid()),
        ("five eighths", "C4:0.5 D4:0.5 E4:0.5 F4:0.5 G4:0.5 " * 6, Grid(((0, Metre(5, 8)),))),
        ("no phrase", "C4:0.25 D4:0.25 E4:0.25 F4:0.25 " * 32, Grid()),
        ("a rest", "C4 R:7", Grid()),
        ("one bar", "C4:0.25", Grid(((0, Metre(1, 16)),))),
        ("many bars in one", "C4:96", Grid(((0, Metre(96, 4)),))),
    ],
)
def test_any_seed_grows_into_pieces_that_end(title: str, seed: str, grid: Grid) -> None:
    steps = play(composer(melodious(), [piece(title, seed, grid)], candidates=2), 600)
    assert sum(step.opens for step in steps) > 1
    for last in [steps[-1] for steps in pieces_of(steps)]:
        assert last.event.sounding


@pytest.mark.parametrize("temperature", [0.0, 2.0])
@pytest.mark.parametrize("limits", [(60, 67), (60, 60), (36, 81)])
def test_a_plan_that_cannot_be_met_still_gives_music_with_ends(limits: tuple[int, int], temperature: float) -> None:
    random = Random(1)
    model = melodious()
    sampler = Sampler(model, random, temperature=temperature, top_p=1, pitches=limits, leading=True)
    seed = piece("one", "C4 D4 E4 F4 G4 F4 E4 D4 C4:4")
    composing = Composer(
        model, sampler, first=seed, others=["one"], load=lambda _: seed, bars=2, rng=random, effort=Fixed(2)
    )
    steps = play(composing, 500)
    assert sum(step.opens for step in steps) > 1
    made = [step.event for step in steps if step.origin is Origin.MODEL]
    assert all(limits[0] <= pitch <= limits[1] for event in made for pitch in event.starts)


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
