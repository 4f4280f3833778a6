"""What of a piece returns in it: phrases, figures that wander, and subjects that enter."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from bachd.music.event import TICKS
from bachd.music.form.habits import Cadence, Close, Habits
from bachd.music.form.plan import Form, Line, Phrase, Quote
from bachd.music.form.planner import RETURNED, RHYMED, TAKEN, plan
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre

HOME = Key(7)
FLOWING = Habits(bars=(24,), breathes=False, long_ends=0, returns=0, sequences=0)
BAR = 4 * TICKS
SEED = (0, 2 * BAR)
AT_HOME = {"major": [Close(third, 0, False, Cadence.AUTHENTIC, 1) for third in range(3)]}
FIGURES = replace(FLOWING, sequences=1, closes=AT_HOME)


def _before_the_last(planned: Form) -> list[Quote]:
    """What returns in all phrases but the last one."""
    return [quote for quote in planned.quotes if quote.at < planned.phrases[-1].begin]


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
        taken = [quote.ticks for quote in _before_the_last(planned) if quote.source < seed]
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


def test_the_first_phrase_of_the_seed_is_taken_up_twice_as_often_as_others() -> None:
    wanted = Habits(bars=(8,), phrases={"4/4": {8: 1}}, returns=1)
    seed = (0, 2 * BAR, 4 * BAR, 6 * BAR)
    firsts = [plan(wanted, HOME, Grid(), seed, Random(rng)).phrases[0].theme for rng in range(200)]
    assert set(firsts) == set("ABC")
    assert 80 < firsts.count("A") < 120
    assert 30 < firsts.count("B") < 70


def test_what_followed_a_phrase_that_returns_follows_it_again() -> None:
    wanted = Habits(bars=(16,), phrases={"4/4": {8: 1}}, returns=1)
    seed = (0, 2 * BAR, 4 * BAR)
    for rng in range(12):
        first, second, *_ = plan(wanted, HOME, Grid(), seed, Random(rng)).phrases
        if first.theme == "A":
            assert second.theme == "B"


def test_what_returns_is_as_long_as_both_phrases_until_they_arrive_and_closes_alike() -> None:
    wanted = Habits(bars=(30,), phrases={"4/4": {8: 1, 12: 1}}, returns=0.7)
    for rng in range(12):
        planned = plan(wanted, HOME, Grid(), SEED, Random(rng))
        by_begin = {phrase.begin: phrase for phrase in planned.phrases}
        for quote in planned.quotes:
            later, earlier = by_begin[quote.at], by_begin.get(quote.source)
            goal = 2 * BAR if earlier is None else earlier.goal
            assert quote.ticks == min(later.goal - later.begin, goal - quote.source)
            assert quote.key is None
            if earlier is not None:
                assert (later.theme, later.key, later.cadence) == (earlier.theme, earlier.key, earlier.cadence)


def test_only_a_phrase_that_begins_at_the_same_place_in_the_bar_is_taken_up() -> None:
    wanted = Habits(bars=(30,), phrases={"4/4": {8: 1, 9: 1}}, returns=1)
    for rng in range(12):
        planned = plan(wanted, HOME, Grid(), SEED, Random(rng))
        assert all((quote.at - quote.source) % BAR == 0 for quote in planned.quotes)


def test_what_a_flowing_piece_takes_from_its_seed_is_in_the_key_it_has_reached() -> None:
    wanted = replace(FLOWING, returns=1)
    for rng in range(12):
        planned = plan(wanted, HOME, Grid(), SEED, Random(rng), events=8)
        by_begin = {phrase.begin: index for index, phrase in enumerate(planned.phrases)}
        for quote in _before_the_last(planned):
            index = by_begin[quote.at]
            if quote.source == 0:
                before: Phrase | None = planned.phrases[index - 1] if index else None
                assert quote.key == (before.key if before else HOME)
                assert quote.ticks == RETURNED * BAR  # less than the 13 quarters that may be taken


def _sequences(wanted: Habits, rng: int, grid: Grid | None = None, seed: tuple[int, ...] = SEED) -> list[Quote]:
    """What is repeated in the first phrase."""
    planned = plan(wanted, HOME, grid or Grid(), seed, Random(rng))
    return [quote for quote in planned.quotes if quote.at < planned.phrases[0].goal]


def test_a_figure_wanders_through_the_scale_from_the_second_bar_of_a_phrase() -> None:
    begin, stays = SEED[-1], set()
    steps = []
    for rng in range(400):
        found = _sequences(FIGURES, rng)
        assert {(quote.line, quote.of) for quote in found} == {(None, None)}
        assert (found[0].at, found[0].source, found[-1].scale) == (begin + BAR, begin, HOME)
        assert sum(quote.ticks for quote in found) == 2 * BAR
        steps.append(found[-1].steps)
        if len(found) == 1:
            stays.add(found[0].steps)
    assert set(steps) == {-2, -1, 1}
    assert stays == {-1}  # the seventh step of major has no key of its own
    assert 0.43 < steps.count(-1) / len(steps) < 0.57
    assert 0.2 < steps.count(1) / len(steps) < 0.3


def test_a_figure_touches_the_key_of_the_step_that_it_is_moved_to() -> None:
    minor = replace(FIGURES, closes={"minor": [Close(third, 0, True, Cadence.AUTHENTIC, 1) for third in range(3)]})
    for home, wanted, touched in (
        (HOME, FIGURES, {1: HOME.moved(2, minor=True), -2: HOME.moved(9, minor=True)}),
        (Key(9, minor=True), minor, {-1: Key(7), -2: Key(5)}),
    ):
        seen = set()
        for rng in range(40):
            first, *more = plan(wanted, home, Grid(), SEED, Random(rng)).quotes
            if first.scale is None:
                assert (first.was, first.key, first.ticks) == (home, touched[more[0].steps], BAR)
                assert (more[0].at, more[0].source, more[0].scale) == (first.at + BAR, first.at, home)
                seen.add(more[0].steps)
        assert seen == touched.keys()


def test_a_figure_takes_the_phrase_to_its_key_by_being_repeated_in_it() -> None:
    away = {"major": [Close(third, 9, True, Cadence.AUTHENTIC, 1) for third in range(3)]}
    target = HOME.moved(9, minor=True)
    planned = plan(replace(FIGURES, closes=away), HOME, Grid(), SEED, Random(1))
    begin, second = planned.phrases[0].begin, planned.phrases[1].begin
    first, then, *_ = planned.quotes
    assert (first.at, first.source, first.ticks) == (begin + BAR, begin, BAR)
    assert (first.was, first.key, first.scale, first.steps) == (HOME, target, None, 0)
    assert (then.at, then.source, then.ticks, then.scale) == (begin + 2 * BAR, begin + BAR, BAR, target)
    assert then.steps != 0
    assert target in [quote.was or quote.scale for quote in planned.quotes if quote.at >= second]  # it is there already


def test_a_figure_has_at_least_a_bar_and_ends_half_a_bar_before_the_goal() -> None:
    for quarters, ticks in ((12, 3 * BAR // 2), (8, 0), (10, 0)):
        wanted = replace(FIGURES, phrases={"4/4": {quarters: 1}})
        for rng in range(8):
            assert sum(quote.ticks for quote in _sequences(wanted, rng)) == ticks
    assert all(type(quote.ticks) is int for quote in plan(FIGURES, HOME, Grid(), SEED, Random(1)).quotes)
    in_five = _sequences(FIGURES, 1, Grid(((0, Metre(5, 4)),)), (0, 10 * TICKS))[0]
    assert in_five.at - in_five.source == 5 * TICKS // 2
    bar = 6 * TICKS
    quote = _sequences(FIGURES, 1, Grid(((0, Metre(6, 4)),)), (0, 2 * bar))[0]
    assert (quote.at, quote.source, quote.ticks) == (3 * bar, 3 * bar - bar // 2, bar // 2)


def test_a_subject_enters_up_to_three_times_a_bar_apart_in_alternate_lines() -> None:
    wanted = replace(FLOWING, imitations=1)
    seen = []
    for rng in range(200):
        planned = plan(wanted, HOME, Grid(), SEED, Random(rng))
        first, second, third = planned.quotes[:3]
        begin_of = planned.phrases[0].begin
        assert [quote.at for quote in (first, second, third)] == [begin_of + BAR * index for index in range(3)]
        assert [quote.source for quote in (first, second, third)] == [0, begin_of, begin_of + BAR]
        assert {quote.ticks for quote in planned.quotes} == {BAR}
        assert {first.line, second.line} == {Line.TOP, Line.BOTTOM}
        assert third.line is first.line
        assert (first.of, second.of, third.of) == (Line.TOP, first.line, second.line)
        assert (first.steps, third.steps) == (0, 0)
        seen.append((first.line, second.steps))
    assert set(seen) == {(line, steps) for line in Line for steps in (0, -3)}
    assert 80 < sum(steps == 0 for _, steps in seen) < 120


def test_a_subject_enters_as_often_as_there_is_room_half_a_bar_before_the_goal() -> None:
    for quarters, entries in ((4, 0), (8, 1), (12, 2), (16, 3), (24, 3)):
        wanted = replace(FLOWING, imitations=1, phrases={"4/4": {quarters: 1}})
        planned = plan(wanted, HOME, Grid(), SEED, Random(1))
        first = planned.phrases[0]
        assert sum(first.begin <= quote.at < first.goal for quote in planned.quotes) == entries


def test_a_sequence_follows_the_second_entry_of_a_subject_and_what_is_taken_from_the_seed() -> None:
    for rng in range(12):
        planned = plan(replace(FIGURES, imitations=1), HOME, Grid(), SEED, Random(rng))
        first, second, third = planned.quotes[:3]
        begin = planned.phrases[0].begin
        assert (first.at, second.at, second.scale) == (begin, begin + BAR, None)
        assert (third.at, third.source) == (begin + 2 * BAR, begin + BAR)
        taken, sequence = plan(replace(FIGURES, returns=1), HOME, Grid(), SEED, Random(rng), events=26).quotes[:2]
        assert (taken.at, taken.ticks, taken.source) == (begin, BAR, 0)
        assert (sequence.at, sequence.source) == (begin + BAR, begin)
        assert sequence.scale == HOME or sequence.was == HOME


def test_subjects_enter_and_sequences_wander_in_the_key_that_the_music_has_reached() -> None:
    away = [Close(third, 9, True, Cadence.AUTHENTIC, 1) for third in range(3)]
    wanted = replace(FIGURES, imitations=1, closes={"major": away})
    planned = plan(wanted, HOME, Grid(), SEED, Random(1))
    target = HOME.moved(9, minor=True)
    keys = {quote.at: quote.key or quote.scale for quote in planned.quotes if quote.key or quote.scale}
    first, second = planned.phrases[0].begin, planned.phrases[1].begin
    assert keys[first] == HOME
    assert keys[first + 2 * BAR] == target
    assert keys[second] == target


def test_a_subject_is_the_first_full_bar_of_the_seed_and_enters_on_a_bar_line() -> None:
    wanted = replace(FLOWING, imitations=1)
    quote = plan(wanted, HOME, Grid(upbeat=TICKS), (0, 9 * TICKS + TICKS), Random(1)).quotes[0]
    assert (quote.at, quote.source) == (13 * TICKS, TICKS)


def test_a_seed_of_less_than_a_bar_has_no_subject_but_its_answer_enters() -> None:
    wanted = replace(FLOWING, imitations=1)
    planned = plan(wanted, HOME, Grid(upbeat=TICKS), (0, TICKS), Random(1))
    assert planned.quotes[0].at == TICKS + BAR
    assert planned.quotes[0].source == TICKS


def test_quotes_are_in_the_order_in_which_they_begin() -> None:
    for rng in range(12):
        quotes = plan(replace(FLOWING, returns=0.4, imitations=0.5), HOME, Grid(), SEED, Random(rng)).quotes
        assert [quote.at for quote in quotes] == sorted(quote.at for quote in quotes)


def test_a_phrase_in_which_a_subject_enters_returns_as_any_other_that_is_new() -> None:
    wanted = replace(FLOWING, bars=(46,), returns=0.5, imitations=1)
    sources: set[int] = set()
    for rng in range(12):
        planned = plan(wanted, HOME, Grid(), SEED, Random(rng))
        begins = {phrase.begin for phrase in planned.phrases}
        whole = [quote for quote in _before_the_last(planned) if quote.line is None and quote.at in begins]
        returned = {quote.at for quote in whole}
        assert not {quote.source for quote in whole} & returned  # what is a return does not return itself
        sources |= {quote.source for quote in whole if quote.source >= SEED[-1]}
    assert len(sources) > 3


def test_the_last_phrase_ends_as_an_earlier_one_did_that_closed_at_home() -> None:
    rhymed = 0
    for rng in range(60):
        planned = plan(replace(FLOWING, returns=0.4), HOME, Grid(), SEED, Random(rng))
        last = planned.phrases[-1]
        rhymes = [quote for quote in planned.quotes if quote.at >= last.begin]
        closed = {phrase.goal for phrase in planned.phrases[:-1] if phrase.key == HOME}
        for quote in rhymes:
            assert quote.at + quote.ticks == last.goal
            assert quote.source + quote.ticks in closed
            assert quote.ticks == RHYMED * BAR
            assert (quote.key, quote.line, quote.steps) == (None, None, 0)
        rhymed += len(rhymes)
    assert 10 < rhymed < 36


def test_what_never_closed_at_home_does_not_rhyme() -> None:
    away = {"major": [Close(third, 7, False, Cadence.AUTHENTIC, 1) for third in range(3)]}
    for rng in range(12):
        planned = plan(replace(FLOWING, imitations=1, returns=0.5, closes=away), HOME, Grid(), SEED, Random(rng))
        assert planned.quotes
        seed_returns = {phrase.key for phrase in planned.phrases[:-1]}
        assert seed_returns == {HOME.moved(7, minor=False)}
        assert _before_the_last(planned) == list(planned.quotes)


def test_what_returned_is_not_taken_up_instead_of_what_it_took_up() -> None:
    for wanted in (Habits(bars=(30,), phrases={"4/4": {8: 1}}, returns=1), replace(FLOWING, returns=1)):
        planned = plan(wanted, HOME, Grid(), SEED, Random(1))
        assert {quote.source for quote in _before_the_last(planned)} == {0}
        assert {quote.ticks for quote in planned.quotes} <= {2 * BAR, 3 * BAR // 2}  # no more than the seed has


def test_what_a_flowing_piece_takes_from_itself_stays_in_its_key_and_is_as_long_as_the_phrase() -> None:
    wanted = replace(FLOWING, bars=(46,), returns=0.6, phrases={"4/4": {8: 1}})
    quotes = [quote for rng in range(12) for quote in plan(wanted, HOME, Grid(), (0, BAR, 2 * BAR), Random(rng)).quotes]
    assert {quote.source for quote in quotes} >= {0, BAR, 2 * BAR}
    for quote in quotes:
        assert (quote.key is None) == (quote.source >= 2 * BAR)
        assert quote.ticks == 2 * BAR


def test_what_may_be_taken_at_a_time_is_whole_ticks_of_the_whole_seed() -> None:
    wanted = replace(FLOWING, returns=1)
    for events, most in ((10, 249), (13, 192), (0, 192)):
        quotes = _before_the_last(plan(wanted, HOME, Grid(), (0, BAR, 2 * BAR), Random(1), events))
        assert {(quote.ticks, type(quote.ticks)) for quote in quotes} == {(most, int)}


def test_a_phrase_of_the_seed_that_returns_closes_in_its_own_way() -> None:
    only_half = [Close(third, 7, False, Cadence.HALF, 1) for third in range(3)]
    wanted = Habits(bars=(30,), phrases={"4/4": {8: 1}}, returns=1, closes={"major": only_half})
    planned = plan(wanted, HOME, Grid(), (0, 2 * BAR, 4 * BAR), Random(1))
    assert {phrase.cadence for phrase in planned.phrases[:-1]} == {Cadence.HALF}


def test_the_last_phrase_has_no_figure() -> None:
    planned = plan(FIGURES, HOME, Grid(), SEED, Random(1))
    assert max(quote.at for quote in planned.quotes) < planned.phrases[-1].begin
