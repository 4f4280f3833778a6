from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from bachd.music.event import TICKS, parse_line
from bachd.music.form.habits import Cadence, Habits
from bachd.music.form.plan import Line, Quote, close_at
from bachd.music.form.planner import plan
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.neural import features
from bachd.neural.context import Context
from bachd.neural.music_state import MusicState
from bachd.neural.planning.guide import Guide
from bachd.neural.planning.texture import Texture
from bachd.neural.sampling.guidance import Chord, Guidance, Recalled
from bachd.neural.sampling.sampler import Sampler
from tests.neural.fakes import FixedModel, restless

HOME = Key(0)
FOUR = Texture(4, ((36, 60), (48, 69), (55, 74), (60, 81)), most=4)
SEED = 8 * TICKS
HIDDEN = np.zeros((1, 1), np.int8)


def guide(texture: Texture = FOUR) -> Guide:
    habits = Habits(bars=(12,), phrases={"4/4": {8: 1}}, returns=0)
    return Guide(plan(habits, HOME, Grid(), (0, SEED), Random(2)), texture, 0.0)


def at(tick: int) -> MusicState:
    state = MusicState(Context(0, 1))
    state.begin(Grid(), close_at(0, HOME, Metre(4, 4)))
    for event in parse_line(" ".join(["C3.G3.E4.C5:0.5"] * (tick // 12))):
        state.push(event)
    return state


def test_no_event_crosses_the_beat_before_the_goal_and_there_the_dominant_sounds() -> None:
    leading = guide()
    phrase = leading.form.phrases[-1]
    assert leading.wish(at(phrase.goal - 3 * TICKS)).longest == 2 * TICKS
    wish = leading.wish(at(phrase.goal - TICKS))
    assert wish.longest == TICKS
    assert wish.chord is not None
    assert wish.chord.bass == 7
    assert wish.chord.pitch_classes == HOME.dominant


def test_the_last_chord_is_the_tonic_over_its_root_to_the_end() -> None:
    leading = guide()
    phrase = leading.form.phrases[-1]
    wish = leading.wish(at(phrase.goal))
    assert wish.chord == Chord(HOME.triad, 0, 4, 4, frozenset({0}))
    assert wish.exactly == phrase.end - phrase.goal == leading.end - phrase.goal


def test_music_that_flows_ends_on_as_many_notes_as_its_seed_piece() -> None:
    for last, voices in ((4, 4), (1, 1), (0, 2)):
        leading = guide(Texture(2, (), most=2, last=last))
        chord = leading.wish(at(leading.form.phrases[-1].goal)).chord
        assert chord is not None
        assert chord.voices == voices
        inner = leading.wish(at(leading.form.phrases[0].goal)).chord
        assert inner is not None
        assert inner.voices == 2


def test_bars_have_to_be_in_the_key_of_their_phrase_from_its_middle_on_and_at_home_in_the_last_phrase() -> None:
    flowing, choir = guide(Texture(2, (), most=2)), guide()
    first, last = flowing.form.phrases[0], flowing.form.phrases[-1]
    middle = (first.begin + first.goal) // 2
    assert flowing.closing(first.begin, middle - 1) is None
    assert flowing.closing(first.begin, middle) == first.key
    assert choir.closing(first.begin, first.goal - 1) is None
    assert flowing.closing(last.begin, last.begin) == choir.closing(last.begin, last.begin) == HOME


def test_all_voices_begin_anew_after_a_phrase_that_breathes() -> None:
    leading = guide()
    assert not leading.wish(at(leading.form.phrases[1].begin)).may_hold
    assert leading.wish(at(leading.form.phrases[1].begin + TICKS)).may_hold


def test_four_parts_have_four_notes_or_three_and_lose_none_for_long() -> None:
    leading = guide()
    state = at(leading.form.phrases[0].begin + TICKS)
    assert (leading.wish(state).least, leading.wish(state).most) == (3, 4)
    for event in parse_line("C3.E4.C5 D3.D4.B4"):
        state.push(event)
    assert leading.wish(state).least == 4


def test_voices_that_come_and_go_are_never_more_than_in_the_seed_and_close_as_full_as_they_like() -> None:
    leading = guide(Texture(2, (), most=2))
    phrase = leading.form.phrases[-1]
    wish = leading.wish(at(phrase.begin + TICKS))
    assert (wish.least, wish.most, wish.is_free) == (0, 2, True)
    assert leading.wish(at(phrase.goal)).most is None
    assert guide(Texture(1, ())).wish(at(phrase.begin + TICKS)).most is None


def test_what_returns_in_both_lines_has_as_many_notes_as_it_had() -> None:
    form = guide(Texture(3, (), most=3)).form
    begin = form.phrases[0].begin
    for line, least in ((None, 3), (Line.TOP, 0)):
        quote = Quote(begin, 0, 4 * TICKS, line=line, of=line)
        returning = Guide(replace(form, quotes=(quote,)), Texture(3, (), most=3), 1.0)
        assert returning.wish(at(begin)).least == least


def test_a_line_with_double_stops_arrives_at_one() -> None:
    phrase = guide().form.phrases[-1]
    for share, voices in ((0.0, 1), (0.1, 2)):
        wish = guide(Texture(1, (), share)).wish(at(phrase.goal))
        assert wish.chord is not None
        assert wish.chord.voices == voices


def test_a_half_cadence_rests_on_the_dominant() -> None:
    for rng in range(4):
        habits = Habits(bars=(24,), phrases={"4/4": {8: 1}}, returns=0)
        leading = Guide(plan(habits, HOME, Grid(), (0, SEED), Random(rng)), FOUR, 0.0)
        for phrase in leading.form.phrases:
            chord = leading.wish(at(phrase.goal)).chord
            assert chord is not None
            above = 7 if phrase.cadence is Cadence.HALF else 0
            assert chord.bass == (phrase.key.tonic + above) % 12


@pytest.mark.parametrize("limits", [(36, 81), (48, 72)])
def test_a_chord_that_is_asked_for_is_spelled_over_its_bass_with_its_third(limits: tuple[int, int]) -> None:
    thirds = 0
    for rng in range(20):
        sampler = Sampler(restless(Random(rng)), Random(rng), temperature=1, top_p=1, pitches=limits, leading=True)
        wish = Guidance(chord=Chord(HOME.triad, 0, 4, 4, frozenset({0})), exactly=2 * TICKS)
        event = sampler.sample(HIDDEN, (43, 59, 62, 67), wish)
        assert event is not None
        assert event.sounding[0] % 12 == event.sounding[-1] % 12 == 0
        assert {pitch % 12 for pitch in event.sounding} <= HOME.triad
        assert event.ticks == 2 * TICKS
        assert sampler.cost > 0
        thirds += 4 in {pitch % 12 for pitch in event.sounding}
    assert thirds > 12  # where it would make parallels, it stays away


def test_what_is_recalled_is_drawn_the_more_the_surer_it_is_and_only_where_it_may_be() -> None:
    even = FixedModel(lambda: np.zeros(features.LOGITS, np.float32))
    sampler = Sampler(even, Random(1), temperature=1, top_p=1, pitches=(48, 72))
    symbol = 60 - features.LOWEST
    drawn = [sampler.sample(HIDDEN, (), Guidance(top=Recalled(symbol, 9.0))) for _ in range(200)]
    assert 150 < sum(event is not None and event.sounding[-1:] == (60,) for event in drawn) < 200
    outside = Guidance(top=Recalled(90 - features.LOWEST, 1e9))
    assert all(event is None or 90 not in event.sounding for event in (sampler.sample(HIDDEN, (), outside),) * 20)


def test_a_single_line_ends_on_a_single_note() -> None:
    sampler = Sampler(restless(Random(3)), Random(3), temperature=0.5, top_p=0.5, pitches=(36, 81))
    for _ in range(20):
        event = sampler.sample(HIDDEN, (60,), Guidance(chord=Chord(HOME.triad, 0, 1, 4, frozenset({0}))))
        assert event is not None
        assert event.sounding[0] % 12 == 0
    lone = FixedModel(lambda: np.eye(1, features.LOGITS, features.END, dtype=np.float32)[0] * 40)
    alone = Sampler(lone, Random(1), temperature=1, top_p=1, pitches=(36, 81))
    event = alone.sample(HIDDEN, (60,), Guidance(chord=Chord(HOME.triad, 0, 1, 4, frozenset({0}))))
    assert event is not None
    assert len(event.sounding) == 1
