"""What may embellish a chord, by the rules of strict counterpoint."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bachd.music.keys import ALL, Key
from bachd.music.voices import parallels
from bachd.neural.harmonise.counterpoint import STEP, figures, steps, suspensions

C_MAJOR, A_MINOR = Key(0), Key(9, minor=True)
G = (43, 62, 71, 79)
CHORDS = st.lists(st.integers(36, 80), min_size=2, max_size=5, unique=True).map(lambda notes: tuple(sorted(notes)))


def test_passing_notes_and_neighbours_are_notes_of_the_key() -> None:
    found = figures((48, 55, 64, 72), C_MAJOR, 36)
    assert (47, 55, 64, 72) in found
    assert (48, 57, 64, 72) in found
    assert (48, 55, 65, 72) in found
    assert (50, 55, 65, 72) in found  # in tenths
    assert not any(pitch % 12 in (1, 3, 6, 8, 10) for each in found for pitch in each)


def test_what_is_harsh_is_left_out() -> None:
    assert (48, 64, 65, 72) not in figures((48, 64, 67, 72), C_MAJOR, 36)  # a semitone apart
    assert figures((60, 62, 64), C_MAJOR, 60) == []  # no room between neighbours, none below


def test_the_leading_note_does_not_go_down() -> None:
    assert list(steps(71, C_MAJOR)) == [72]
    assert all(each[2] in (71, 72) for each in figures(G, C_MAJOR, 36))


def test_a_minor_key_is_raised_on_the_way_up_alone() -> None:
    assert list(steps(76, A_MINOR)) == [78, 74]
    assert list(steps(78, A_MINOR)) == [80, 76]
    assert list(steps(79, A_MINOR)) == [81, 77]
    assert list(steps(77, A_MINOR)) == [76]


def test_a_degree_does_not_sound_raised_and_as_it_is() -> None:
    g_major = (43, 50, 65, 67, 79)
    assert not any(pitch % 12 == 8 for each in figures(g_major, A_MINOR, 36) for pitch in each)


@given(CHORDS, st.sampled_from(ALL), st.integers(30, 50))
def test_the_top_stays_and_the_others_step(chord: tuple[int, ...], key: Key, lowest: int) -> None:
    for each in figures(chord, key, lowest):
        assert each[-1] == chord[-1]
        moved = [(now, then) for now, then in zip(each, chord, strict=True) if now != then]
        assert 1 <= len(moved) <= 2
        assert all(abs(now - then) <= STEP for now, then in moved)
        assert list(each) == sorted(set(each))
        assert each[0] >= min(lowest, chord[0])
        assert parallels(chord, each) == 0


def test_a_fourth_is_suspended_and_becomes_a_third() -> None:
    assert suspensions((48, 64, 72, 79), G) == [(43, 62, 72, 79)]


def test_a_seventh_is_suspended_and_becomes_a_sixth() -> None:
    assert suspensions((55, 62, 67, 71), (52, 60, 67, 76)) == [(52, 62, 67, 76)]


def test_only_what_was_there_goes_a_step_down_and_sounds_nowhere_else_is_suspended() -> None:
    assert suspensions((48, 64, 69, 79), G) == []  # it rises
    assert suspensions((48, 64, 74, 79), G) == []  # it leaps
    assert suspensions((48, 64, 72, 79), (43, 62, 71, 83)) == []  # the top has the resolution
    assert suspensions((48, 64, 72), G) == []
