from __future__ import annotations

import pytest

from bachd.music import keys
from bachd.music.event import parse_line
from bachd.music.keys import ALL, Key


@pytest.mark.parametrize("key", ALL)
def test_a_degree_and_its_alteration_are_the_pitch(key: Key) -> None:
    for pitch in range(21, 109):
        assert key.pitch(*key.degree(pitch)) == pitch


@pytest.mark.parametrize(
    ("music", "key"),
    [
        ("C3.G3.E4.C5 F3.A3.F4.C5 G3.B3.D4.G4 C3.G3.E4.C5", Key(0)),
        ("A2.E3.C4.A4 D3.A3.F4.A4 E3.G#3.E4.B4 A2.E3.C4.A4", Key(9, minor=True)),
        ("D3.A3.F#4.D5 A2.C#4.E4.A4 D3.A3.F#4.D5", Key(2)),
    ],
)
def test_the_key_is_found_from_how_long_each_pitch_class_sounds(music: str, key: Key) -> None:
    assert keys.estimate(keys.weights(parse_line(music))) == key


def test_home_is_where_a_piece_ends_if_it_is_in_that_key_at_all() -> None:
    relative = parse_line("C3.G3.E4.C5 F3.A3.F4.C5 G3.B3.D4.G4 C3.G3.E4.C5 G3.B3.D4.G4 C3.G3.E4.C5 A2.E3.C4.A4")
    assert keys.estimate(keys.weights(relative)) == Key(0)
    assert keys.home(relative) == Key(9, minor=True)
    breaks_off = parse_line("C3.G3.E4.C5 F3.A3.F4.C5 G3.B3.D4.G4 C3.G3.E4.C5 " * 4 + "F#3.C#4")
    assert keys.home(breaks_off) == Key(0)


@pytest.mark.parametrize("music", ["R:4", "C4", "C4.C#4.D4.D#4.E4.F4.F#4.G4.G#4.A4.A#4.B4"])
def test_whatever_has_no_key_is_given_one(music: str) -> None:
    assert keys.home(parse_line(music)) in ALL
    assert -1 <= keys.correlation(keys.weights(parse_line(music)), Key(0)) <= 1


def test_no_other_key_rivals_the_one_that_music_is_in() -> None:
    scale = keys.weights(parse_line("C4:2 D4 E4 F4 G4:2 A4 B4 C5:2"))
    assert keys.rivalry(scale, Key(0)) == 0
    assert keys.rivalry(scale, Key(7)) > 0
    assert keys.rivalry(scale, Key(6)) > keys.rivalry(scale, Key(7))
