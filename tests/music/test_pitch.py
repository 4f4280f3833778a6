"""Note names and MIDI numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music import pitch


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("C4", 60),
        ("c4", 60),
        (" F#2 ", 42),
        ("Gb2", 42),
        ("G-2", 42),
        ("bb3", 58),
        ("b3", 59),
        ("B-3", 58),
        ("F##4", 67),
        ("Ebb4", 62),
        ("B#3", 60),
        ("Cb4", 59),
        ("B\u266d3", 58),
        ("F\u266f2", 42),
        ("C-1", 0),  # C in octave -1, not C flat in octave 1
        ("B-1", 11),
        ("C-2", 35),  # C flat in octave 2
        ("Bb1", 34),
        ("B--1", 10),
        ("G9", 127),
    ],
)
def test_a_name_is_read(text: str, number: int) -> None:
    assert pitch.number(text) == number


@given(st.integers(0, 127))
def test_a_printed_name_reads_as_its_number(number: int) -> None:
    assert pitch.number(pitch.name(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "H4", "C", "4", "C4x", "C#b4", "C###4", "C4.E4", "~C4", "R", "C\N{ARABIC-INDIC DIGIT FOUR}", "C4\n5", "C-1-1"],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a note name such as 'C4', 'F#2' or 'Bb3'"):
        pitch.number(text)


@pytest.mark.parametrize("text", ["Cb-1", "G#9", "C10", "C99", "B--3"])
def test_a_note_that_midi_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is outside MIDI's range \(C-1 to G9\)"):
        pitch.number(text)


@pytest.mark.parametrize("number", [-1, 128])
def test_a_number_that_midi_does_not_have_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=f"{number} is not a MIDI note number"):
        pitch.name(number)


@given(st.text("ABCGbc#-0123456789", max_size=6) | st.text(max_size=6))
def test_any_text_is_a_note_or_a_value_error(text: str) -> None:
    try:
        number = pitch.number(text)
    except ValueError:
        return
    assert 0 <= number <= 127
