"""Notes are struck as by somebody who is no machine, and stay what they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse
from bachd.music.metre import COMMON_TIME, Grid, Metre, Place
from bachd.music.performance import dynamics
from bachd.music.performance.expression import WIDEST, Expression, Touch
from bachd.music.piece import Step
from tests.fakes import steps
from tests.music.strategies import USUAL_METRES

DOWNBEAT = Place(0, 0, Metre(4, 4))
RATE = 84 * 24 / 60
LENGTHS = st.lists(st.sampled_from([1, 2, 3, 4, 6, 8, 9, 12, 18, 24, 36]), min_size=1, max_size=60)


def delays(music: Sequence[Step], swing: float) -> list[float]:
    expression = Expression(Random(1), swing=swing)
    return [expression.shape(step.event, step.place, RATE)[0] for step in music]


def onsets(lengths: str, swing: float = 75.0, metre: Metre = COMMON_TIME, upbeat: int = 0) -> list[float]:
    """The ticks at which events of these lengths in ticks begin."""
    music = steps(" ".join(f"C4:{ticks}/24" for ticks in lengths.split()), Grid(((0, metre),), upbeat))
    begin = accumulate((step.event.ticks for step in music), initial=0)
    return [tick + delay for tick, delay in zip(begin, delays(music, swing), strict=False)]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ("12 12 12 12 24", [0, 18, 24, 42, 48]),
        ("6 6 6 6 24", [0, 9, 12, 21, 24]),
        ("12 6 6 24", [0, 12, 21, 24]),  # divided in four: the half stays where it is
        ("6 6 12 24", [0, 9, 12, 24]),
        ("18 6 24", [0, 21, 24]),
        ("12 24 12", [0, 18, 36 + 6]),  # a syncopation
        ("8 8 8 24", [0, 8, 16, 24]),  # three in a beat are even
        ("3 3 3 3 12 24", [0, 3, 6, 9, 12, 24]),
        ("24 36 12 24", [0, 24, 66, 72]),
    ],
)
def test_the_second_of_two_eighths_or_sixteenths_is_late(lengths: str, expected: list[float]) -> None:
    assert onsets(lengths) == expected


def test_swing_says_where_in_the_pair_the_second_note_falls() -> None:
    assert onsets("12 12 24", swing=60.0) == [0, pytest.approx(0.60 * 24), 24]
    assert onsets("6 6 12 24", swing=66.0) == [0, pytest.approx(0.66 * 12), 12, 24]


def test_an_upbeat_of_an_eighth_is_late_too() -> None:
    assert onsets("12 12 12 72", upbeat=12) == [6, 12, 30, 36]


def test_beats_of_three_eighths_are_even_and_beats_of_one_have_sixteenths() -> None:
    assert onsets("12 12 12 6 6 24", metre=Metre(6, 8)) == [0, 12, 24, 36, 42, 48]
    assert onsets("12 12 6 6 36", metre=Metre(3, 8)) == [0, 12, 24, 33, 36]


@given(LENGTHS, USUAL_METRES, st.floats(50, WIDEST))
def test_no_event_loses_more_than_half_and_beats_stay_where_they_are(
    lengths: list[int], metre: Metre, swing: float
) -> None:
    music = steps(" ".join(f"C4:{ticks}/24" for ticks in lengths), Grid(((0, metre),)))
    found = [*delays(music, swing), 0.0]
    for step, (delay, following) in zip(music, pairwise(found), strict=True):
        assert step.event.ticks + following - delay >= step.event.ticks / 2
        assert delay >= 0
        if step.place.phase % metre.beat == 0:
            assert delay == 0


@given(LENGTHS, st.floats(0.001, 0.03), st.floats(50, WIDEST), st.integers(0, 99))
def test_chance_is_bounded_and_the_same_with_the_same_rng(
    lengths: list[int], humanise: float, swing: float, rng: int
) -> None:
    music = steps(" ".join(f"C3.G3.C4:{ticks}/24" for ticks in lengths))

    def shapes() -> list[tuple[float, dict[int, Touch]]]:
        expression = Expression(Random(rng), swing=swing, humanise=humanise)
        return [expression.shape(step.event, step.place, RATE) for step in music]

    found = shapes()
    assert found == shapes()
    for step, (delay, touches) in zip(music, found, strict=True):
        plain = dynamics.velocities(step.event, step.place)
        assert touches.keys() == set(step.event.starts)
        for pitch, touch in touches.items():
            assert 0 <= touch.late <= min(humanise * RATE, (step.event.ticks - delay) / 2)
            assert abs(touch.velocity - plain[pitch]) <= round(250 * humanise)
        assert touches[60].late <= min(humanise * RATE, (step.event.ticks - delay) / 2) / 2


def test_notes_stray_on_their_own_and_not_beyond_what_midi_has() -> None:
    event = Event(tuple(range(60, 76)), (), 24)
    _, touches = Expression(Random(1), humanise=0.008).shape(event, DOWNBEAT, RATE)
    assert len({touch.late for touch in touches.values()}) == 16
    assert {touch.velocity - dynamics.level(DOWNBEAT) for touch in touches.values()} >= {-2, -1, 0, 1, 2}
    _, touches = Expression(Random(1), humanise=1.0).shape(event, DOWNBEAT, RATE)
    assert {1, 127} < {touch.velocity for touch in touches.values()}


def test_without_all_that_notes_are_what_metre_and_phrase_make_them() -> None:
    event = parse("~C3.E3.C4")
    assert Expression(Random(1)).shape(event, DOWNBEAT, RATE) == (0.0, {52: Touch(72, 0.0), 60: Touch(78, 0.0)})


def test_loudness_may_be_even() -> None:
    event = parse("~C3.E3.C4")
    _, touches = Expression(Random(1), shaped=False).shape(event, DOWNBEAT, RATE)
    assert {touch.velocity for touch in touches.values()} == {dynamics.EVEN}
