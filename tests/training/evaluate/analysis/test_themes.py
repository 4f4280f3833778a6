from __future__ import annotations

import numpy as np
import pytest

from bachd.music.event import TICKS, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis import keys, themes
from bachd.training.evaluate.analysis.passage import Ints, Passage

C_MAJOR = 0
SUBJECT = "C4:0.5 D4:0.5 E4 G4:0.5 F4:0.5 E4:0.5 D4:0.5 "
"""Seven notes, one bar."""
NEW = "A4 C5 B4:0.5 G#4:0.5 E4 "
"""A bar of something else."""


def passage(music: str, bars: int = 0) -> Passage:
    return Passage(Piece("some", parse_line(music), Grid()), bars * 4 * TICKS, "some", 0)


def steps(of: Passage, key: int = C_MAJOR) -> Ints:
    return themes.scale_steps(of.top, np.full(1000, key))


@pytest.mark.parametrize(
    ("music", "key", "found"),
    [
        ("C4 D4 E4 F4 G4 A4 B4 C5", C_MAJOR, [0, 1, 2, 3, 4, 5, 6, 7]),
        ("F#4 G4 C#4 D4 Bb4 A4", C_MAJOR, [3, 4, 0, 1, 6, 5]),
        ("A4 G#4 A4 F#4 G#4", 12 + 9, [5, 4, 5, 3, 4]),
        ("Eb4 F4 Ab4 Bb4", 8, [2, 3, 5, 6]),
    ],
)
def test_notes_are_steps_of_the_scale_as_the_key_spells_them(music: str, key: int, found: list[int]) -> None:
    music = music.replace("Bb", "A#").replace("Eb", "D#").replace("Ab", "G#")
    assert (steps(passage(music), key) - steps(passage("C4"))).tolist() == found


def test_a_figure_of_eight_notes_returns_when_it_stood_two_bars_before_at_any_level() -> None:
    first, up = SUBJECT + "C4:4 ", "D4:0.5 E4:0.5 F#4 A4:0.5 G4:0.5 F#4:0.5 E4:0.5 D4:4 "
    found = passage(first + NEW + up)
    assert themes.returning(found, found.top, 2) == 8
    assert themes.returning(found, found.top, 8) == 0
    slower = passage(first + NEW + up.replace("A4:0.5", "A4:0.75").replace("G4:0.5", "G4:0.25"))
    assert themes.returning(slower, slower.top, 2) == 0


def test_what_stood_in_the_opening_alone_does_not_count_as_returning() -> None:
    found = passage(SUBJECT + "C4:4 " + NEW + SUBJECT + "C4:4", bars=2)
    assert themes.returning(found, found.top, 2) == 0


SEQUENCE = "C5:0.5 B4:0.5 C5:0.5 G4:0.5 B4:0.5 A4:0.5 B4:0.5 F4:0.5 A4:0.5 G4:0.5 A4:0.5 E4:0.5 D4:2"


def test_a_sequence_is_a_figure_at_once_at_another_level() -> None:
    found = passage(SEQUENCE)
    assert themes.in_sequences(found, found.top, steps(found), strict=True) == 12
    again = passage("C5:0.5 B4:0.5 C5:0.5 G4:0.5 " * 3)
    assert themes.in_sequences(again, again.top, steps(again), strict=True) == 0  # at the same level


def test_a_loose_sequence_may_change_a_step_but_not_its_direction() -> None:
    found = passage(SEQUENCE.replace("F4", "E4"))
    assert themes.in_sequences(found, found.top, steps(found), strict=True) == 0
    assert themes.in_sequences(found, found.top, steps(found), strict=False) == 12


def test_a_scale_is_no_sequence_and_none_begins_off_the_beat() -> None:
    scale = passage(" ".join(f"{note}:0.25" for note in "C4 D4 E4 F4 G4 A4 B4 C5 D5 E5 F5 G5".split()))
    assert themes.in_sequences(scale, scale.top, steps(scale), strict=True) == 0
    late = passage("C4:0.25 " + SEQUENCE)
    assert themes.in_sequences(late, late.top, steps(late), strict=True) == 0


def test_an_imitation_is_six_notes_taken_up_by_the_other_line_within_four_bars() -> None:
    answer = "~C5.G3:0.5 ~C5.A3:0.5 ~C5.B3 ~C5.D4:0.5 ~C5.C4:0.5 ~C5.B3:0.5 ~C5.A3:0.5 "
    assert themes.imitations(passage(SUBJECT + "C5:1 " + answer)) == 1
    assert themes.imitations(passage(SUBJECT + "C5:1 " + "~C5:16 " + answer)) == 0


def test_a_line_of_seven_notes_returns() -> None:
    found = passage(SUBJECT + NEW + SUBJECT)
    assert themes.soprano_returns(found, steps(found))
    other = passage(SUBJECT + NEW + NEW)
    assert not themes.soprano_returns(other, steps(other))


def test_a_piece_of_one_idea_finds_its_own_beginning() -> None:
    ideas = [SUBJECT, NEW, "C4:2 G4:2 ", "E4:0.25 D4:0.25 E4:0.25 C4:0.25 G4 C5 G4 "]
    own = [passage(idea * 4) for idea in ideas]
    assert themes.own_beginning(own) == 1
    others = [passage(idea * 2 + after * 2) for idea, after in zip(ideas, ideas[1:] + ideas[:1], strict=True)]
    assert themes.own_beginning(others) == 0


def test_a_round_has_one_piece_of_each_source() -> None:
    pieces = [Passage(passage(NEW).piece, 0, name, 0) for name in "aabbbc"]
    assert [[each.source for each in group] for group in themes.rounds(pieces, 2)] == [["a", "b"], ["a", "b"]]


def test_keys_spell_the_same_figure_the_same_way() -> None:
    table = keys.spelled(passage(SUBJECT * 4).piece)
    assert set(keys.path(table).tolist()) == {C_MAJOR}
