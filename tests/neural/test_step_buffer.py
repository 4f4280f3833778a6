"""What is planned is what would be composed, and what no longer holds is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bachd.music.event import parse_line
from bachd.music.form.habits import Habits
from bachd.music.metre import Grid, Metre
from bachd.music.performance.ritardando import SIGHT
from bachd.music.piece import Origin, Piece, Step
from bachd.neural.composer import Composer
from bachd.neural.planning.effort import Fixed
from bachd.neural.sampling.sampler import Sampler
from bachd.neural.step_buffer import StepBuffer
from tests.neural.fakes import WhimsicalModel

MODEL = WhimsicalModel()
PIECES = {
    name: Piece(
        name, parse_line(f"{low}3.{low}4 E4:0.5 G4:1.5 A4 B4:2 D4 C4 E4"), Grid(((0, Metre(beats, 4)),), upbeat)
    )
    for name, low, beats, upbeat in (("one", "C", 4, 0), ("two", "D", 3, 24), ("three", "F", 4, 12))
}


SHORT = Habits(bars=(1,), phrases={"4/4": {4: 1}, "3/4": {3: 1}})


def sampler(rng: Random, temperature: float = 0.95) -> Sampler:
    return Sampler(MODEL, rng, temperature=temperature, top_p=0.98, pitches=(36, 81), key=0.5)


def composer(pieces: Mapping[str, Piece] = PIECES) -> Composer:
    rng = Random(1)
    return Composer(
        MODEL,
        sampler(rng),
        first=PIECES["one"],
        others=list(PIECES),
        load=pieces.__getitem__,
        bars=2,
        rng=rng,
        habits=SHORT,
        effort=Fixed(2),
    )


def alone(count: int, changes: Mapping[int, float]) -> list[Step]:
    """Steps of a composer without a plan; on the first bar line from a change on it draws otherwise."""
    composing = composer()
    found: list[Step] = []
    due: float | None = None
    for index in range(count):
        due = changes.get(index, due)
        if due is not None and (not found or found[-1].reaches_bar):
            composing.resume(composing.mark(), sampler(composing.rng, due))
            due = None
        found.append(composing.next())
    return found


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 20), min_size=80, max_size=80),
    st.dictionaries(st.integers(0, 79), st.sampled_from([0.2, 0.5, 1.0, 1.5]), max_size=4),
)
def test_however_far_ahead_it_is_planned_the_music_is_the_same(
    planned: Sequence[int], changes: Mapping[int, float]
) -> None:
    plan = StepBuffer(composer())
    found = []
    for index, times in enumerate(planned):
        if index in changes:
            plan.draw_with(sampler(plan.rng, changes[index]))
        found.append(plan.next())
        for _ in range(times):
            plan.extend()
    assert found == alone(len(planned), changes)


def test_the_music_of_these_tests_has_several_pieces_and_goes_another_way_when_it_is_changed() -> None:
    same = alone(80, {})
    assert sum(step.opens for step in same) > 2
    assert alone(80, {20: 0.2})[:20] == same[:20]
    assert alone(80, {20: 0.2})[20:] != same[20:]


def test_a_full_plan_shows_what_an_ending_needs_and_no_more() -> None:
    plan = StepBuffer(composer())
    assert not plan.ahead
    for _ in range(100):
        while plan.extend():
            pass
        foreseen = plan.ahead
        assert not plan.extend()
        assert plan.ahead == foreseen
        after = [step.event.ticks for step in foreseen[1:]]
        assert sum(after[:-1]) < SIGHT <= sum(after)
        assert [plan.next(), *plan.ahead] == foreseen


def test_a_plan_begins_anew_with_the_first_piece() -> None:
    plan = StepBuffer(composer())
    first = [plan.next() for _ in range(40)]
    while plan.extend():
        pass
    plan.draw_with(sampler(plan.rng, 0.2))
    plan.restart()
    assert not plan.ahead
    again = [plan.next() for _ in range(40)]
    seeded = [step for step in first if step.origin is Origin.SEED and step.piece == "one"]
    assert again[: len(seeded)] == seeded
    assert again[0].opens
    assert again != first


def test_what_goes_wrong_ahead_is_told_in_its_turn() -> None:
    def steps(composing: Composer | StepBuffer) -> list[Step]:
        found: list[Step] = []
        with suppress(KeyError):
            while True:
                found.append(composing.next())
                while isinstance(composing, StepBuffer) and composing.extend():
                    pass
        return found

    assert steps(StepBuffer(composer({}))) == steps(composer({}))  # only the first piece can be read


def test_what_goes_wrong_ahead_is_forgotten_with_what_was_planned() -> None:
    whole: dict[str, Piece] = {}
    plan = StepBuffer(composer(whole))
    found: list[Step] = []
    while plan.extend() or sum(step.event.ticks for step in plan.ahead) > SIGHT:
        found.append(plan.next())  # until no more can be planned
    while not found[-1].reaches_bar:
        found.append(plan.next())
    whole.update(PIECES)
    plan.draw_with(sampler(plan.rng, 0.5))
    before = len(found)
    found += [plan.next() for _ in range(40)]
    assert found == alone(len(found), {before: 0.5})


def bars(buffer: StepBuffer, count: int) -> list[list[Step]]:
    """The next bars, whole."""
    found: list[list[Step]] = []
    while len(found) < count:
        bar = [buffer.next()]
        while not bar[-1].reaches_bar:
            bar.append(buffer.next())
        found.append(bar)
    return found


def test_undo_goes_back_to_the_bar_before_and_on_as_if_nothing_had_been() -> None:
    plain = bars(StepBuffer(composer()), 8)
    buffer = StepBuffer(composer())
    first = bars(buffer, 4)
    buffer.turn("undo")
    again = bars(buffer, 6)
    assert first == plain[:4]
    assert again == [*plain[2:4], *plain[4:8]]


def test_undo_twice_goes_further_back() -> None:
    plain = bars(StepBuffer(composer()), 6)
    buffer = StepBuffer(composer())
    bars(buffer, 5)
    buffer.turn("undo")
    buffer.turn("undo")
    assert bars(buffer, 5) == plain[1:6]
    bars(buffer, 1)
    for _ in range(100):
        buffer.turn("undo")
    assert bars(buffer, 1) == plain[:1]


def test_freeze_repeats_the_last_bar_until_it_is_asked_for_again() -> None:
    plain = bars(StepBuffer(composer()), 6)
    buffer = StepBuffer(composer())
    bars(buffer, 3)
    buffer.turn("freeze")
    assert bars(buffer, 4) == [plain[2]] * 4
    assert not buffer.extend() or buffer.ahead
    buffer.turn("freeze")
    assert bars(buffer, 3) == plain[3:6]


def test_re_roll_composes_the_last_bar_anew() -> None:
    buffer = StepBuffer(composer())
    (bar,) = bars(buffer, 1)
    while len(bar) < 3 or bar[0].origin is not Origin.MODEL:
        (bar,) = bars(buffer, 1)
    played = {tuple(step.event for step in bar)}
    for _ in range(6):
        buffer.turn("re-roll")
        (anew,) = bars(buffer, 1)
        assert anew[0].place == bar[0].place
        played.add(tuple(step.event for step in anew))
    assert len(played) > 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["skip", "re-roll", "undo", "freeze", "extend", "sample"]), max_size=12))
def test_whatever_turns_are_taken_bars_are_whole(turns: Sequence[str]) -> None:
    buffer = StepBuffer(composer())
    for turn in turns:
        for bar in bars(buffer, 2):
            assert sum(step.event.ticks for step in bar) > 0
        if turn == "extend":
            buffer.extend()
        elif turn == "skip":
            buffer.skip()
        elif turn == "sample":
            buffer.draw_with(sampler(buffer.rng, 0.5))
        else:
            buffer.turn(turn)  # type: ignore[arg-type]
    assert bars(buffer, 2)


def test_a_new_beginning_forgets_the_bars() -> None:
    buffer = StepBuffer(composer())
    bars(buffer, 3)
    buffer.turn("freeze")
    bars(buffer, 1)
    buffer.restart()
    buffer.turn("undo")
    assert buffer.next().opens
