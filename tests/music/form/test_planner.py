from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import TICKS, parse_line
from bachd.music.form.habits import Cadence, Close, Habits
from bachd.music.form.plan import strong
from bachd.music.form.planner import FEWEST, MOST_BARS, MOST_QUARTERS, TAKEN, begin, plan
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece

HOME = Key(7)
FLOWING = Habits(bars=(24,), breathes=False, long_ends=0, returns=0, sequences=0)
BAR = 4 * TICKS
SEED = (0, 2 * BAR)
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
        assert type(phrase.goal) is int
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
    assert planned.phrases[-1].end - planned.phrases[-1].goal == 2 * TICKS


def test_a_place_in_the_plan_says_what_comes_and_how_much_has_gone_by() -> None:
    planned = plan(Habits(bars=(12,), phrases={"4/4": {8: 1}}), HOME, Grid(), (0, 8 * TICKS), Random(1))
    assert planned.phrase(8 * TICKS) == 0
    assert planned.phrase(planned.phrases[1].begin) == 1
    assert planned.share(planned.phrases[-1].end) == 1
    assert planned.phrase(10**6) == len(planned.phrases) - 1


def test_what_follows_a_seed_of_two_phrases_begins_after_both_in_the_metre_there() -> None:
    changes = Grid(((0, Metre(3, 4)), (6 * TICKS, Metre(4, 4))))
    planned = plan(FLOWING, HOME, changes, (0, 3 * TICKS, 6 * TICKS + BAR), Random(1))
    assert planned.begin == planned.phrases[0].begin == 6 * TICKS + BAR
    assert planned.phrases[0].goal == 6 * TICKS + 5 * BAR


def test_a_beginning_is_an_excerpt_its_grid_and_a_plan_of_what_grows_from_it() -> None:
    events = parse_line("C4:0.25 E4:0.25 G4:0.25 C5:0.25 " * 20)
    changes = ((0, Metre(4, 4)), (2 * BAR, Metre(3, 4)), (2 * BAR + 3 * TICKS, Metre(2, 4)))
    piece = Piece("toccata", events, Grid(changes, 0))
    excerpt, grid, planned = begin(piece, 2, FLOWING, Random(1))
    assert excerpt == events[:32]
    assert grid == Grid(changes[:1], 0)  # what the piece does later with its metre is its own affair
    expected = plan(FLOWING, Key(0), grid, SEED, Random(1), 32, TICKS)
    assert (planned.begin, planned.home, planned.phrases) == (2 * BAR, Key(0), expected.phrases)
    assert [(phrase.begin, phrase.end) for phrase in planned.opening] == [SEED]


def test_a_metre_that_changes_within_the_seed_stays() -> None:
    changes = ((0, Metre(4, 4)), (2 * BAR, Metre(2, 4)))
    piece = Piece("song", parse_line("C4 E4 G4 R " * 16), Grid(changes))
    excerpt, grid, planned = begin(piece, 4, FLOWING, Random(1))
    assert len(planned.opening) > 1
    assert grid.changes == changes
    assert planned.begin == sum(event.ticks for event in excerpt)


def test_an_upbeat_of_the_piece_is_one_of_what_grows_from_it() -> None:
    events = parse_line("G4 " + "C4 E4 G4 C5 " * 8)
    _, grid, planned = begin(Piece("song", events, Grid(upbeat=TICKS)), 2, FLOWING, Random(1))
    assert grid.upbeat == TICKS
    assert {grid.place(phrase.goal).phase for phrase in planned.phrases} == {0}


def test_how_much_is_taken_at_a_time_follows_from_how_dense_the_seed_is() -> None:
    events = parse_line("C4:0.25 E4:0.25 G4:0.25 C5:0.25 " * 20)
    wanted = Habits(bars=(46,), breathes=False, returns=0.9, sequences=0)
    for rng in range(8):
        _, _, planned = begin(Piece("toccata", events, Grid()), 2, wanted, Random(rng))
        assert {quote.ticks for quote in planned.quotes if quote.source < 2 * BAR} <= {TAKEN * TICKS // 4}


def test_flowing_phrases_of_four_bars_arrive_on_bar_lines_and_go_on_at_once() -> None:
    planned = plan(FLOWING, HOME, Grid(), SEED, Random(1))
    *inner, last = planned.phrases
    spans = [(2 * BAR + 4 * BAR * index, 6 * BAR + 4 * BAR * index) for index in range(6)]
    assert [(phrase.begin, phrase.goal) for phrase in planned.phrases] == spans
    assert all(phrase.end == phrase.goal for phrase in inner)
    assert last.end == last.goal + BAR
    assert not planned.quotes
    assert [phrase.theme for phrase in planned.phrases] == list("BCDEFG")


def test_a_flowing_phrase_may_be_held_at_its_end_for_a_quarter_to_a_half_note() -> None:
    held = [
        phrase.end - phrase.goal
        for rng in range(200)
        for phrase in plan(replace(FLOWING, long_ends=1), HOME, Grid(), SEED, Random(rng)).phrases[:-1]
    ]
    assert set(held) == {TICKS, 3 * TICKS // 2, 2 * TICKS}
    assert 0.43 < held.count(TICKS) / len(held) < 0.57
    short = Grid(((0, Metre(3, 8)),))
    assert {
        phrase.end - phrase.goal
        for rng in range(30)
        for phrase in plan(replace(FLOWING, long_ends=1), HOME, short, (0, 72), Random(rng)).phrases[:-1]
    } == {TICKS, 3 * TICKS // 2}


def test_a_flowing_phrase_that_begins_late_in_a_bar_arrives_a_bar_line_later() -> None:
    wanted = replace(FLOWING, phrases={"4/4": {1: 1}})
    planned = plan(wanted, HOME, Grid(), (0, 2 * BAR + TICKS), Random(1))
    assert planned.phrases[0].goal == 3 * BAR


def test_a_piece_is_about_as_long_as_those_of_its_repertoire_but_not_for_ever() -> None:
    for bars in (16, 24):
        assert plan(replace(FLOWING, bars=(bars,)), HOME, Grid(), SEED, Random(1)).phrases[-1].goal == (bars + 2) * BAR
    ends = {plan(replace(FLOWING, bars=(16, 32)), HOME, Grid(), SEED, Random(rng)).phrases[-1].goal for rng in range(9)}
    assert ends == {18 * BAR, 34 * BAR}
    assert plan(replace(FLOWING, bars=(1000,)), HOME, Grid(), SEED, Random(1)).phrases[-1].goal == MOST_BARS * BAR
    short = Grid(((0, Metre(2, 4)),))
    goal = plan(replace(FLOWING, bars=(1000,)), HOME, short, (0, 2 * BAR), Random(1)).phrases[-1].goal
    assert goal == 48 * 2 * TICKS  # that phrase begins before the 46th bar ends
    long = Grid(((0, Metre(4, 2)),))
    last = plan(replace(FLOWING, bars=(1000,)), HOME, long, (0, 4 * BAR), Random(1)).phrases[-1]
    assert last.goal == MOST_QUARTERS * TICKS - 8 * TICKS


def test_however_long_the_seed_two_phrases_are_composed() -> None:
    planned = plan(replace(FLOWING, bars=(4,)), HOME, Grid(), (0, 40 * BAR), Random(1))
    assert len(planned.phrases) == FEWEST


def test_a_breathing_phrase_that_is_too_short_for_its_goal_is_a_bar_longer() -> None:
    wanted = Habits(bars=(12,), phrases={"4/4": {1: 1}, "3/4": {1: 1}}, returns=0)
    first = plan(wanted, HOME, Grid(), SEED, Random(1)).phrases[0]
    assert (first.begin, first.goal, first.end) == (2 * BAR, 2 * BAR + BAR // 2, 3 * BAR)
    first = plan(wanted, HOME, Grid(((0, Metre(3, 4)),)), (0, 6 * TICKS), Random(1)).phrases[0]
    assert (first.begin, first.goal, first.end) == (6 * TICKS, 9 * TICKS, 12 * TICKS)
    upbeat = Grid(((0, Metre(3, 4)),), TICKS)  # the next bar line is a quarter away
    first = plan(wanted, HOME, upbeat, (0, 6 * TICKS), Random(1)).phrases[0]
    assert (first.begin, first.goal, first.end) == (6 * TICKS, 10 * TICKS, 12 * TICKS)


def test_phrases_are_as_long_as_is_counted_of_their_metre() -> None:
    wanted = Habits(bars=(40,), phrases={"4/4": {8: 3, 16: 1}, "3/4": {6: 1}}, returns=0)
    lengths = [
        phrase.end - phrase.begin
        for rng in range(40)
        for phrase in plan(wanted, HOME, Grid(), SEED, Random(rng)).phrases[:-1]
    ]
    assert set(lengths) == {8 * TICKS, 16 * TICKS}
    assert 2 < lengths.count(8 * TICKS) / lengths.count(16 * TICKS) < 4.5


def test_the_last_chord_leaves_room_for_the_upbeat_of_a_repetition() -> None:
    flowing = plan(FLOWING, HOME, Grid(upbeat=TICKS), (0, 9 * TICKS), Random(1)).phrases[-1]
    assert flowing.end - flowing.goal == 3 * TICKS
    half = plan(FLOWING, HOME, Grid(upbeat=2 * TICKS), (0, 10 * TICKS), Random(1)).phrases[-1]
    assert half.end - half.goal == 2 * TICKS
    late = plan(FLOWING, HOME, Grid(upbeat=3 * TICKS), (0, 11 * TICKS), Random(1)).phrases[-1]
    assert late.end - late.goal == BAR  # less than half a bar would be left


def test_the_last_chord_is_as_long_as_that_of_the_seed_piece_if_there_is_room() -> None:
    for ticks, expected in ((TICKS, TICKS), (2 * BAR, BAR), (0, BAR)):
        last = plan(FLOWING, HOME, Grid(), SEED, Random(1), last=ticks).phrases[-1]
        assert last.end - last.goal == expected
    chorale = plan(replace(FLOWING, breathes=True), HOME, Grid(), SEED, Random(1), last=TICKS).phrases[-1]
    assert chorale.end - chorale.goal == 2 * TICKS


def test_the_last_chord_is_a_quarter_at_least_and_twice_as_long_as_is_usual_in_the_seed_piece() -> None:
    for line, expected in (
        ("C4:0.25 E4:0.25 G4:0.25 C5:0.25 " * 20, TICKS),
        ("C4 E4 G4 E4 " * 20, 2 * TICKS),
        ("C4 E4 G4 E4 " * 20 + "C4:3", 3 * TICKS),
    ):
        last = begin(Piece("song", parse_line(line), Grid()), 2, FLOWING, Random(1))[2].phrases[-1]
        assert last.end - last.goal == expected


def test_a_phrase_closes_as_phrases_do_in_its_third_of_a_piece() -> None:
    thirds = [(0, 7, False, Cadence.HALF), (1, 9, True, Cadence.AUTHENTIC), (2, 5, False, Cadence.AUTHENTIC)]
    closes = [Close(third, up, minor, cadence, 1) for third, up, minor, cadence in thirds]
    minor = [Close(third, 3, False, Cadence.AUTHENTIC, 1) for third in range(3)]
    wanted = replace(FLOWING, closes={"major": closes, "minor": minor})
    *inner, last = plan(wanted, HOME, Grid(), SEED, Random(1)).phrases
    found = [(phrase.key, phrase.cadence) for phrase in inner]
    first, second, third = (HOME.moved(up, minor=mode) for _, up, mode, _ in thirds)
    assert found == [
        *[(first, Cadence.HALF)] * 2,
        *[(second, Cadence.AUTHENTIC)] * 2,
        (third, Cadence.AUTHENTIC),
    ]
    assert (last.key, last.cadence) == (HOME, Cadence.FINAL)
    of_minor = plan(wanted, Key(9, minor=True), Grid(), SEED, Random(1)).phrases[0]
    assert of_minor.key == Key(0)
    unknown = plan(replace(FLOWING, closes={}), HOME, Grid(), SEED, Random(1)).phrases[0]
    assert (unknown.key, unknown.cadence) == (HOME, Cadence.AUTHENTIC)


def test_closes_are_drawn_as_often_as_they_are_counted() -> None:
    closes = [Close(third, up, False, Cadence.AUTHENTIC, count) for third in range(3) for up, count in ((0, 3), (7, 1))]
    wanted = replace(FLOWING, closes={"major": closes})
    keys = [phrase.key for rng in range(60) for phrase in plan(wanted, HOME, Grid(), SEED, Random(rng)).phrases[:-1]]
    assert set(keys) == {HOME, HOME.moved(7, minor=False)}
    assert 2 < keys.count(HOME) / keys.count(HOME.moved(7, minor=False)) < 4.5


def test_only_pieces_in_minor_end_with_a_third_of_picardy() -> None:
    always, never = replace(FLOWING, picardy=1), replace(FLOWING, picardy=0)
    assert plan(always, Key(9, minor=True), Grid(), SEED, Random(1)).picardy is True
    assert plan(always, HOME, Grid(), SEED, Random(1)).picardy is False
    assert plan(never, Key(9, minor=True), Grid(), SEED, Random(1)).picardy is False
