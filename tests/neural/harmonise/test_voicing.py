"""Ways to set out a chord below a note."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bachd.music.keys import Key
from bachd.neural.chord_spelling import parallels
from bachd.neural.features import LOWEST
from bachd.neural.harmonise.harmony import Harmony
from bachd.neural.harmonise.voicing import has_room, smoothest, voicings

C_MAJOR = Harmony(frozenset({0, 4, 7}), 0)
NOTES = st.lists(st.integers(36, 80), min_size=4, max_size=4, unique=True).map(lambda notes: tuple(sorted(notes)))


def test_all_notes_are_there_and_the_right_one_is_lowest() -> None:
    found = voicings(72, C_MAJOR, 4, 36, ())
    assert (72, 67, 64, 60) in found
    assert (72, 64, 55, 48) in found
    assert all({pitch % 12 for pitch in each} == {0, 4, 7} and each[-1] % 12 == 0 for each in found)
    assert all(each[0] == 72 and list(each) == sorted(set(each), reverse=True) for each in found)


def test_a_chord_with_more_notes_than_voices_cannot_be_set_out() -> None:
    assert not voicings(72, Harmony(frozenset({0, 4, 7, 10}), 0), 3, 36, ())
    assert voicings(72, Harmony(frozenset({0, 4, 7, 10}), 10), 4, 36, ())


def test_there_must_be_room_below() -> None:
    assert voicings(52, Harmony(frozenset({0, 4, 7}), 4), 4, 41, ()) == ()
    assert all(each[-1] >= 45 for each in voicings(72, C_MAJOR, 4, 45, ()))


def test_what_would_make_fifths_is_left_out() -> None:
    before = (48, 55, 64, 72)
    d_minor = Harmony(frozenset({2, 5, 9}), 2)
    free, led = voicings(74, d_minor, 4, 36, ()), voicings(74, d_minor, 4, 36, before)
    assert (74, 65, 57, 50) in free  # each voice a step up, in fifths and octaves
    assert (74, 65, 57, 50) not in led
    assert set(led) <= set(free)


@given(
    NOTES, st.integers(60, 80), st.sampled_from([(0, 4, 7), (0, 3, 7), (0, 4, 7, 10), (0, 3, 6)]), st.integers(0, 11)
)
def test_no_voice_leaps_far_or_runs_in_parallel(
    before: tuple[int, ...], top: int, shape: tuple[int, ...], root: int
) -> None:
    chord = frozenset((root + step) % 12 for step in shape)
    for bass in chord:
        for each in voicings(top, Harmony(chord, bass), 4, 36, before):
            assert all(abs(now - then) <= 12 for now, then in zip(each[1:], before[-2::-1], strict=True))
            for voice in range(1, 4):
                chosen = [pitch - LOWEST for pitch in each[:voice]]
                assert each[voice] not in parallels(chosen, before)


def test_the_bass_leaps_over_a_fifth_only_where_it_must() -> None:
    before = (48, 55, 64, 72)
    assert {each[-1] for each in voicings(72, C_MAJOR, 4, 36, before)} == {48}
    f_major = Harmony(frozenset({5, 9, 0}), 5)
    assert {each[-1] for each in voicings(72, f_major, 4, 36, before)} == {41, 53}
    assert {each[-1] for each in voicings(72, C_MAJOR, 4, 50, (52, 55, 64, 72))} == {60}


def test_the_one_that_moves_least_is_taken() -> None:
    before = (48, 55, 64, 72)
    found, _ = smoothest(voicings(72, Harmony(frozenset({5, 9, 0}), 5), 4, 36, before), before, Key(0), {})
    assert found[1:3] == (65, 57)  # E and G a step up, as in any book


def test_the_first_chord_is_set_out_as_is_usual() -> None:
    assert smoothest(voicings(72, C_MAJOR, 4, 36, ()), (), Key(0), {}) == ((72, 64, 55, 48), True)
    assert smoothest([(72, 60), (72, 64)], (), Key(0), {}) == ((72, 60), True)


def test_the_leading_note_is_not_doubled() -> None:
    before = (48, 60, 64, 72)
    g_major = Harmony(frozenset({7, 11, 2}), 7)
    assert any(sum(pitch % 12 == 11 for pitch in each) == 2 for each in voicings(71, g_major, 4, 36, before))
    found, _ = smoothest(voicings(71, g_major, 4, 36, before), before, Key(0), {})
    assert sum(pitch % 12 == 11 for pitch in found) == 1


def test_a_passing_note_goes_on_where_there_is_room() -> None:
    passing = (48, 57, 64, 72)  # the tenor came from G
    g_major, b_flat = Harmony(frozenset({7, 11, 2}), 7), Harmony(frozenset({10, 2, 5}), 10)
    found, is_paid = smoothest(voicings(74, g_major, 4, 36, passing), passing, Key(0), {1: 1})
    assert is_paid
    assert found[2] in (55, 59)
    assert has_room(74, g_major, 4, 36, passing, [1])
    assert not has_room(77, b_flat, 4, 36, (48, 64, 67, 72), [2, 1, 0])
