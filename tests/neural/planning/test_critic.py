from __future__ import annotations

import pytest

from bachd.music import keys
from bachd.music.event import Event, parse_line
from bachd.music.keys import Key
from bachd.neural.planning.critic import astray, faults
from bachd.neural.planning.texture import Texture

FOUR = Texture(4, ((36, 60), (48, 69), (55, 74), (60, 81)))
FAR = 10_000


def fault(music: str, texture: Texture = FOUR) -> float:
    before, *events = parse_line(music)
    return faults(texture, before, events, Key(0), FAR)


GOOD = "C3.G3.E4.C5 F2.A3.F4.C5 G2.G3.D4.B4 C3.G3.E4.C5"


def test_music_without_a_fault_is_not_told_from_other_such_music() -> None:
    assert fault(GOOD) == 0


@pytest.mark.parametrize(
    "music",
    [
        "C3.G3.E4.C5 D3.A3.F4.D5 E3.B3.G4.E5",  # parallels
        "C3.G3.E4.C5 C3.E4.C5 D3.D4.B4 C3.E4.C5 C3.E4.C5",  # a voice lost
        "C3.E4.C5 D3.F4.C5 C3.G3.E4.C5",  # two voices that share a note and go on in unison
        "C3.G3.C4.C5 C3.G3.B4.C5 C3.G3.B4.C5",  # an inner voice that leaps by a seventh
        "C3.G3.E4.C5 ~C3.~G3.~E4.~C5",  # nothing starts
        "C3.G3.E4.C5 C3.G3.E4.A#5 F3.A3.F4.A5",  # a leap of a seventh out of its range
        "C3.G3.E4.C5 D2.G3.F4.B4 C3.C4.E4.C5",  # a bass that is too low
        "C3.G3.E4.C5 F3.G3.D4.B4 C3.D4.E4.G4 C3.E4.G4.C5",  # a seventh that leaps
        "C#3.G#3.F4.C#5 F#3.A#3.F#4.C#5 G#3.C4.D#4.D#5 C#3.C#4.F4.C#5",  # another key
    ],
)
def test_what_a_teacher_would_mark_speaks_against_it(music: str) -> None:
    assert fault(music) > 0.2


TWO = Texture(2, (), most=2)


def test_where_voices_come_and_go_what_is_struck_a_second_apart_or_leaps_from_a_dissonance_speaks_against_itself() -> (
    None
):
    good = fault("C3.E4 D3.F4 E3.G4 C3.E4", TWO)
    assert good == 0
    assert fault("C3.E4 D3.F4 F4.G4 C3.E4", TWO) > 0.3
    assert fault("C3.E4 D3.F4 F4.~G4 C3.E4", TWO) < fault("C3.E4 D3.F4 F4.G4 C3.E4", TWO)
    assert fault("C3.E4 D3.F4 C2.E2.C4 C3.E4", TWO) > 0.3
    assert fault("C3.E4 D3.F4 D3.C4 G3.F4", TWO) > 0.2
    assert fault("C3.E4 D3.F4 D3.C4 G3.B3", TWO) < 0.2
    assert fault("C3.E4 D3.F4 F4.G4 C3.E4 C3.E4.G4.C5", FOUR) == fault("C3.E4 D3.F4 F4.A4 C3.E4 C3.E4.G4.C5", FOUR)


def test_the_top_line_of_a_keyboard_may_leap() -> None:
    assert fault("C3.E4 D3.F4 E3.G4 C3.G5 C3.E5", TWO) == 0


def test_bars_in_which_a_key_is_less_clear_than_in_a_choir_are_usual_where_voices_come_and_go() -> None:
    vague = "C3.E4 D3.A4 E3.A4 D3.F4 E3.G4 D3.A4"
    assert 0.45 < keys.correlation(keys.weights(parse_line(vague)[1:]), Key(0)) < 0.6
    assert fault(vague, TWO) == 0
    assert fault(vague.replace("F4", "F#4").replace("E3.G4", "E3.C#5"), TWO) > 0


def test_silence_is_no_reason_to_fail() -> None:
    assert faults(FOUR, Event((), (), 1), [], Key(0), 0) >= 0


def test_music_that_strays_speaks_against_itself_the_more_the_end_is_near() -> None:
    home = parse_line("C4:2 D4 E4:2 F4 G4:2 A4 B4 C5:2")
    away = parse_line("F#4 G#4 A#4 C#5 F5 F#5 C#5 A#4")
    so_far = keys.weights(home)
    assert astray(FOUR, so_far, home, Key(0), Key(0)) == 0
    strayed = astray(FOUR, so_far, away, Key(0), None)
    assert strayed > 0
    assert astray(FOUR, so_far, away, Key(0), Key(6)) == strayed  # that is where they are
    elsewhere = astray(FOUR, so_far, away, Key(0), Key(0)) - strayed
    assert elsewhere > 0
    assert astray(Texture(2, ()), so_far, away, Key(0), Key(0)) - strayed == pytest.approx(2 * elsewhere)
