from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import TICKS
from bachd.music.form.habits import Cadence, Habits
from bachd.music.form.plan import Quote, strong
from bachd.music.form.planner import FEWEST, RETURNED, TAKEN, plan
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre

HOME = Key(7)
metres = st.builds(Metre, st.integers(1, 24), st.sampled_from([2, 4, 8, 16]))
habitual = st.builds(
    Habits,
    bars=st.lists(st.integers(1, 1000), min_size=1, max_size=4).map(tuple),
    breathes=st.booleans(),
    returns=st.floats(0, 1),
    sequences=st.floats(0, 1),
    imitations=st.floats(0, 1),
)


@given(metres, habitual, st.integers(0, 400), st.integers(1, 64), st.integers(0, 2**32))
def test_phrases_follow_on_each_other_and_the_last_goes_home(
    metre: Metre, wanted: Habits, upbeat: int, bars: int, rng: int
) -> None:
    grid = Grid(((0, metre),), upbeat % metre.bar)
    seed = grid.bar_tick(min(bars, 8)) or metre.bar
    planned = plan(wanted, HOME, grid, (0, seed), Random(rng))
    assert planned.begin == planned.phrases[0].begin == seed
    assert len(planned.phrases) >= FEWEST
    for phrase, after in pairwise(planned.phrases):
        assert phrase.begin < phrase.goal <= phrase.end == after.begin
    last = planned.phrases[-1]
    assert (last.key, last.cadence) == (HOME, Cadence.FINAL)
    assert last.begin < last.goal < last.end
    place = grid.place(last.goal)
    assert strong(metre, place.phase)
    for quote in planned.quotes:
        assert 0 <= quote.source < quote.at
        assert quote.ticks > 0
    assert planned == plan(wanted, HOME, grid, (0, seed), Random(rng))


def test_a_chorale_comes_to_rest_on_the_strong_beat_before_each_upbeat() -> None:
    wanted = Habits(bars=(12,), phrases={"4/4": {8: 1}}, returns=0)
    planned = plan(wanted, HOME, Grid(upbeat=TICKS), (0, 8 * TICKS), Random(1))
    grid = Grid(upbeat=TICKS)
    assert {phrase.end - phrase.begin for phrase in planned.phrases[:-1]} == {8 * TICKS}
    assert {grid.place(phrase.goal).phase for phrase in planned.phrases} == {2 * TICKS}
    assert {phrase.end - phrase.goal for phrase in planned.phrases[:-1]} == {TICKS}


def test_what_returns_has_the_letter_of_what_it_takes_up() -> None:
    wanted = Habits(bars=(24,), phrases={"4/4": {8: 1}}, returns=1)
    planned = plan(wanted, HOME, Grid(), (0, 8 * TICKS, 16 * TICKS), Random(1))
    assert set(planned.phrases[0].theme + planned.phrases[1].theme) <= set("AB")
    assert [quote.at for quote in planned.quotes] == [phrase.begin for phrase in planned.phrases[:-1]]
    assert planned.quotes_at(planned.phrases[0].begin) == [planned.quotes[0]]


def test_little_is_taken_from_the_seed_at_a_time_and_more_from_what_is_new() -> None:
    wanted = Habits(bars=(46,), breathes=False, returns=0.9, sequences=0, imitations=0)
    seed, bar = 8 * TICKS, 4 * TICKS
    for rng in range(8):
        planned = plan(wanted, HOME, Grid(), (0, seed), Random(rng), events=4 * TAKEN)
        taken = [quote.ticks for quote in planned.quotes if quote.source < seed]
        assert taken
        assert max(taken) == seed // 4
        again = [quote for quote in planned.quotes if quote.source >= seed]
        assert all(quote.ticks <= RETURNED * bar and quote.key is None for quote in again)


def test_a_subject_enters_in_one_line_and_is_answered_by_the_other() -> None:
    wanted = Habits(bars=(24,), breathes=False, returns=0, imitations=1)
    first, second, *_ = plan(wanted, HOME, Grid(), (0, 8 * TICKS), Random(1)).quotes
    assert isinstance(first, Quote)
    assert second.of is first.line
    assert second.line is not first.line
    assert second.at == first.at + 4 * TICKS
    assert second.source == first.at


def test_a_place_in_the_plan_says_what_comes_and_how_much_has_gone_by() -> None:
    planned = plan(Habits(bars=(12,), phrases={"4/4": {8: 1}}), HOME, Grid(), (0, 8 * TICKS), Random(1))
    assert planned.phrase(8 * TICKS) == 0
    assert planned.phrase(planned.phrases[1].begin) == 1
    assert planned.share(planned.phrases[-1].end) == 1
    assert planned.phrase(10**6) == len(planned.phrases) - 1
