"""Events and their text form determine each other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse, parse_line, print_line
from tests.music.strategies import events

FORMS = [
    ("B2", Event((47,), (), 24)),
    ("A2.G#3", Event((45, 56), (), 24)),
    ("R", Event((), (), 24)),
    ("R:1/3", Event((), (), 8)),
    ("~A2.E3:0.5", Event((52,), (45,), 12)),
    ("A2.~E3.~A3:4", Event((45,), (52, 57), 96)),
    ("C4:0.125", Event((60,), (), 3)),
    ("C4:1/24", Event((60,), (), 1)),
    ("C4:35/24", Event((60,), (), 35)),
    ("C4:41666.625", Event((60,), (), 999_999)),
    ("C4:1000000", Event((60,), (), 24_000_000)),
    ("C4:1000000000000000.375", Event((60,), (), 24 * 10**15 + 9)),
]


@pytest.mark.parametrize(("text", "event"), FORMS)
def test_an_event_prints_as_its_text_and_the_text_reads_as_the_event(text: str, event: Event) -> None:
    assert str(event) == text
    assert parse(text) == event


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("R:1", "R"),
        ("r", "R"),
        (" C4 ", "C4"),
        ("G#3.A2", "A2.G#3"),
        ("Ab3:2/4", "G#3:0.5"),
        ("C4:12/24", "C4:0.5"),
        ("C4:0.50", "C4:0.5"),
        ("C4:01", "C4"),
    ],
)
def test_other_ways_to_write_an_event_are_read_too(text: str, plain: str) -> None:
    assert str(parse(text)) == plain


@given(events())
def test_any_event_reads_as_it_prints(event: Event) -> None:
    assert parse(str(event)) == event


@given(st.lists(events(), max_size=10).map(tuple))
def test_any_line_reads_as_it_prints(row: tuple[Event, ...]) -> None:
    assert parse_line(print_line(row)) == row


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "'': '' is not a note name"),
        ("C4.", "'C4.': '' is not a note name"),
        ("C4.R", "'C4.R': 'R' is not a note name"),
        ("~R", "'~R': 'R' is not a note name"),
        ("~~C4", "'~~C4': '~C4' is not a note name"),
        ("C4.C4", "'C4.C4': notes must ascend"),
        ("C4.~B#3", "'C4.~B#3': a note either starts or is held"),
        ("C4:", "'C4:': '' is not a length in quarter notes such as '0.5' or '1/3'"),
        ("C4:-1", "'C4:-1': '-1' is not a length"),
        ("C4:1/0", "'C4:1/0': '1/0' is not a length"),
        ("C4:1/00", "'C4:1/00': '1/00' is not a length"),
        ("C4:1e9999999", "'C4:1e9999999': '1e9999999' is not a length"),
        ("C4:nan", "'C4:nan': 'nan' is not a length"),
        ("C4:\N{ARABIC-INDIC DIGIT ONE}", "is not a length"),
        ("C4:1:1", "'C4:1:1': '1:1' is not a length"),
        ("C4:0", "'C4:0': an event lasts at least one tick, not 0"),
        ("C4:0.1", "'C4:0.1': a length is a multiple of 1/24 quarter note, not 0.1"),
        ("C4:" + "9" * 5000, "Exceeds the limit"),
    ],
)
def test_what_is_no_event_is_refused_with_its_text(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        parse(text)


@given(st.text("ABCR~.:#/0123456789", max_size=12) | st.text(max_size=12))
def test_any_text_is_an_event_or_a_value_error(text: str) -> None:
    try:
        event = parse(text)
    except ValueError:
        return
    assert parse(str(event)) == event


@pytest.mark.parametrize(
    ("starts", "held", "ticks", "fault"),
    [
        ((64, 60), (), 1, "notes must ascend"),
        ((), (60, 60), 1, "notes must ascend"),
        ((-1,), (), 1, "notes must be MIDI numbers"),
        ((), (128,), 1, "notes must be MIDI numbers"),
        ((60,), (60,), 1, "either starts or is held"),
        ((60,), (), 0, "at least one tick"),
    ],
)
def test_an_event_that_cannot_sound_is_refused(
    starts: tuple[int, ...], held: tuple[int, ...], ticks: int, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        Event(starts, held, ticks)


def test_sounding_notes_are_those_that_start_and_those_held_from_low_to_high() -> None:
    assert parse("C3.~E3.G3.~C4").sounding == (48, 52, 55, 60)
    assert parse("R").sounding == ()


def test_an_event_moves_as_far_as_there_are_numbers() -> None:
    assert str(parse("C3.~E3.C4:0.5").moved(2)) == "D3.~F#3.D4:0.5"
    assert parse("C3").moved(0) == parse("C3")
    assert parse("G9.~C4").moved(5) == parse("C9.~F4")
    assert parse("C-1.G9").moved(-12).sounding == (0, 115)
