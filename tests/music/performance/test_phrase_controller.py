"""A controller that swells and falls with each phrase."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import TICKS, Event
from bachd.music.message import control_change
from bachd.music.metre import Grid
from bachd.music.performance.phrase_controller import EVERY, HIGH, LOW, PhraseController
from bachd.music.piece import Origin, Step
from tests.fakes import steps

PHRASE = 8 * TICKS


def planned(*lengths: int, phrase: int = PHRASE) -> list[Step]:
    """Steps of such lengths, in phrases of so many ticks."""
    found, tick = [], 0
    for ticks in lengths:
        step = Step(Event((60,), (), ticks), Grid().place(tick), Origin.MODEL, "a piece")
        found.append(replace(step, phrase=(tick % phrase, phrase)))
        tick += ticks
    return found


def values(controller: PhraseController, music: list[Step]) -> list[tuple[int, int]]:
    """The values on the first channel, with their ticks."""
    found, tick = [], 0
    for step in music:
        sent = controller.for_step(step)
        found += [(tick + late, message.value) for late, message in sent if message.channel == controller.channels[0]]
        tick += step.event.ticks
    return found


def test_it_swells_to_the_middle_of_a_phrase_and_falls_to_its_end() -> None:
    found = dict(values(PhraseController(11, [0]), planned(*[TICKS] * 16)))
    assert (found[0], found[PHRASE // 2], found[PHRASE]) == (LOW, HIGH, LOW)
    rising = [value for tick, value in found.items() if tick <= PHRASE // 2]
    assert rising == sorted(rising)
    falling = [value for tick, value in found.items() if PHRASE // 2 <= tick <= PHRASE]
    assert falling == sorted(falling, reverse=True)
    assert len(rising) > 10


@given(st.lists(st.integers(1, 200), min_size=1, max_size=40), st.integers(1, 600))
def test_values_come_where_they_change_and_not_more_often_than_each_sixteenth(lengths: list[int], phrase: int) -> None:
    found = values(PhraseController(11, [0]), planned(*lengths, phrase=phrase))
    assert all(later - earlier >= EVERY for (earlier, _), (later, _) in pairwise(found))
    assert all(one != other for (_, one), (_, other) in pairwise(found))
    assert all(LOW <= value <= HIGH for _, value in found)
    assert all(tick < sum(lengths) for tick, _ in found)


def test_an_event_that_outlasts_its_phrase_stays_at_its_end() -> None:
    (step,) = planned(4 * TICKS, phrase=TICKS)
    assert values(PhraseController(74, [3]), [step])[-1] == (TICKS, LOW)


def test_without_a_plan_a_phrase_has_four_bars_and_silence_none() -> None:
    music = steps("C4:4 C4:4 C4:4 C4:4 C4:4")
    found = dict(values(PhraseController(11, [0]), music))
    assert (found[0], found[8 * TICKS], found[16 * TICKS]) == (LOW, HIGH, LOW)
    rest = replace(music[2], event=Event((), (), TICKS), origin=Origin.BREATH)
    assert values(PhraseController(11, [0]), [rest]) == [(0, LOW)]


def test_each_channel_gets_it_once_and_is_left_as_it_was() -> None:
    controller = PhraseController(11, [0, 1, 0])
    assert controller.release() == []  # nothing was sent
    (first, *_) = planned(TICKS)
    assert controller.for_step(first)[:2] == [(0, control_change(0, 11, LOW)), (0, control_change(1, 11, LOW))]
    assert controller.release() == [control_change(0, 11, 127), control_change(1, 11, 127)]
    assert controller.release() == []
    assert controller.for_step(first)[0] == (0, control_change(0, 11, LOW))  # again


def test_what_does_nothing_depends_on_the_controller() -> None:
    for number, neutral in ((1, 0), (7, 100), (11, 127), (74, 64)):
        controller = PhraseController(number, [0])
        controller.for_step(planned(TICKS)[0])
        assert controller.release() == [control_change(0, number, neutral)]
