from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bachd.music import pitch
from bachd.music.event import parse_line
from bachd.music.keys import ALL, Key
from bachd.music.notation.spelling import Spelled, signature, spell, spell_events, tonic

B_FLAT, C_MINOR, E_MINOR, F_SHARP_MINOR = Key(10), Key(0, minor=True), Key(4, minor=True), Key(6, minor=True)


def spelled(tokens: str, key: Key) -> str:
    """Each event's notes by their names, from low to high."""
    return " ".join(
        ".".join(str(names[note]) for note in sorted(names)) for names in spell_events(parse_line(tokens), key)
    )


def test_the_tonic_chord_of_b_flat_major_has_flats() -> None:
    assert spelled("A#2.F4.A#4.D5 D#3.D#4.G4.A#4 F3.C4.F4.A4 A#2.D4.F4.A#4", B_FLAT) == (
        "Bb2.F4.Bb4.D5 Eb3.Eb4.G4.Bb4 F3.C4.F4.A4 Bb2.D4.F4.Bb4"
    )


def test_a_leading_note_is_raised_and_the_sixth_of_a_minor_key_is_not() -> None:
    cadence = "C3.G3.C4.D#4 G#2.G#3.C4.D#4 F2.G#3.C4.F4 G2.G3.B3.D4 C3.G3.C4.D#4"
    assert spelled(cadence, C_MINOR) == "C3.G3.C4.Eb4 Ab2.Ab3.C4.Eb4 F2.Ab3.C4.F4 G2.G3.B3.D4 C3.G3.C4.Eb4"


def test_what_sounds_alike_is_named_after_the_key() -> None:
    assert spelled("F#3.A3.C#4 C#3.G#3.F4 F#3.A3.F#4", F_SHARP_MINOR) == "F#3.A3.C#4 C#3.G#3.E#4 F#3.A3.F#4"
    assert spelled("F3.A3.C4 C3.G3.E4 F3.A3.F4", Key(5)) == "F3.A3.C4 C3.G3.E4 F3.A3.F4"


def test_the_dominant_of_e_minor_has_a_d_sharp() -> None:
    assert spelled("E3.G3.B3 B2.F#3.A3.D#4 E3.G3.E4", E_MINOR) == "E3.G3.B3 B2.F#3.A3.D#4 E3.G3.E4"


def test_a_note_that_is_held_keeps_its_name() -> None:
    names = spell_events(parse_line("A#3.D4 ~A#3.C#4 ~A#3"), B_FLAT)
    assert [str(each[58]) for each in names] == ["Bb3", "Bb3", "Bb3"]


def test_a_note_held_from_nowhere_has_a_name_of_the_key() -> None:
    assert spelled("~A#3.D4", B_FLAT) == "Bb3.D4"


def test_b_sharp_and_c_flat_are_in_the_octave_of_their_letters() -> None:
    assert (str(Spelled(60, 12)), str(Spelled(59, -7))) == ("B#3", "Cb4")


@pytest.mark.parametrize(
    ("key", "sharps"),
    [(Key(0), 0), (Key(7), 1), (Key(5), -1), (Key(6), 6), (Key(1), -5), (Key(9, True), 0), (Key(3, True), -6)],
)
def test_a_signature_has_the_fewest_accidentals(key: Key, sharps: int) -> None:
    assert signature(key) == sharps


def test_a_tonic_has_the_pitch_class_of_its_key() -> None:
    assert all(tonic(key) * 7 % 12 == key.tonic for key in ALL)


@example([14, 20, 122], Key(8, minor=True))  # which ps13 would give three sharps
@given(st.lists(st.integers(0, 127), max_size=80), st.sampled_from(ALL))
def test_a_name_says_the_pitch_that_it_was_given(pitches: list[int], key: Key) -> None:
    found = spell(pitches, key)
    assert [each.pitch for each in found] == pitches
    for each in found:
        assert abs(each.alteration) <= 2
        if each.octave >= -1 and each.pitch > 1:
            assert pitch.number(str(each)) == each.pitch
