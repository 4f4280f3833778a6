from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import parse_line
from bachd.music.voices import assign, parallels

chords = st.lists(st.lists(st.integers(36, 84), min_size=1, max_size=4, unique=True).map(sorted), max_size=8)


@given(chords)
def test_voices_do_not_cross_and_every_note_has_one(music: list[list[int]]) -> None:
    found = assign(music, 4)
    assert len(found) == len(music)
    for chord, voices in zip(music, found, strict=True):
        assert list(voices) == sorted(voices)
        assert set(voices) == set(chord)


def test_those_voices_share_a_note_that_move_least() -> None:
    music = [event.sounding for event in parse_line("C3.G3.E4.C5 C3.E4.C5 C3.G3.E4.C5 C3.B3.C5")]
    assert assign(music, 4)[1] in [(48, 64, 64, 72), (48, 48, 64, 72)]
    assert assign(music, 4)[3] == (48, 59, 59, 72)


@pytest.mark.parametrize(
    ("music", "count"),
    [
        ("C3.G3.E4.C5 D3.A3.F4.D5", 2),  # bass and tenor a fifth, bass and soprano an octave
        ("C3.E4.C5 D3.F4.C5", 0),
        ("C3.G3.E4.C5 G2.D3.B3.D4", 1),
        ("C3.E3.G4 F3.G3.A4", 0),
    ],
)
def test_two_voices_that_both_move_must_not_keep_a_perfect_interval(music: str, count: int) -> None:
    before, after = assign([event.sounding for event in parse_line(music)], 4)
    assert parallels(before, after) == count


def test_a_shared_note_that_moves_on_as_a_shared_note_is_a_parallel_unison() -> None:
    assert parallels((48, 64, 64, 72), (50, 65, 65, 72)) == 1
    assert parallels((48, 64, 64, 72), (50, 64, 65, 72)) == 0
    assert parallels((48, 60, 64, 67), (48, 60, 65, 69)) == 0
