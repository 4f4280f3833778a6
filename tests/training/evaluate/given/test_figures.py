from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.training.evaluate.given.figures import compare


def test_the_same_music_agrees_with_itself() -> None:
    music = parse_line("C3.G3.E4.C5:0.5 ~C3.A3.F4.C5 R G2.B3.D4.G4:2")
    found = compare([(music, music)])
    assert (found.sixteenths, found.same_set, found.bass) == (14, 1.0, 1.0)  # a rest is left out
    assert (found.voice_1, found.voice_2, found.voice_3, found.voice_4, found.plain) == (1.0,) * 5


def test_each_figure_counts_its_own() -> None:
    written = parse_line("C3.G3.E4.C5:0.5 C3.G3.E4.C5:0.5")
    other = parse_line("E3.G3.C4.C5:0.5 C3.D3.E4.C5:0.25 R:0.25")
    found = compare([(written, other)])
    assert found.same_set == 0.5  # the first chord, in another position
    assert found.bass == 0.25
    assert found.voice_2 == 0.25
    assert found.voice_3 == 0.5
    assert found.voice_4 == 0.25
    assert found.plain == 0.5


def test_a_key_is_the_composer_s_or_a_neighbour_of_it() -> None:
    written = 4 * parse_line("C3.E3.G3.C4 F3.A3.C4 G3.B3.D4 C3.E3.G3")
    for semitones, in_key in ((0, 1.0), (7, 1.0), (5, 1.0), (2, 0.0), (6, 0.0)):
        moved = [event.moved(semitones) for event in written]
        assert compare([(written, moved)]).in_key == in_key
    half = [event.moved(2 * (index >= 8)) for index, event in enumerate(written)]
    assert 0.25 <= compare([(written, half)]).in_key <= 0.75


def test_parallels_are_counted_in_thousands_of_changes() -> None:
    music = parse_line("C3.G3.E4.C5 D3.A3.F4.D5 D3.A3.F4.D5 D3.B3.F4.D5")
    found = compare([(music, music)])
    assert found.changes == 2
    assert found.fifths == pytest.approx(500)
    assert found.octaves == pytest.approx(500)


def test_events_between_two_sixteenths_are_not_counted_twice() -> None:
    assert compare([(parse_line("C4:1/6 D4:1/12"), parse_line("C4:1/6 D4:1/12"))]).sixteenths == 1
