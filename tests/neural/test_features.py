from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse
from bachd.music.metre import Grid, Metre
from bachd.neural import features
from bachd.neural.features import (
    END,
    HOLD,
    INTERVALS,
    LEADS,
    LENGTHS,
    LOWEST,
    PARALLEL,
    PITCHES,
    ROW,
    SOUNDED,
    START,
    told,
)

chords = st.sets(st.integers(0, 127), max_size=8).map(lambda pitches: tuple(sorted(pitches)))


@st.composite
def events(draw: st.DrawFn) -> Event:
    sounding = draw(chords)
    held = tuple(pitch for pitch in sounding if draw(st.booleans()))
    return Event(tuple(pitch for pitch in sounding if pitch not in held), held, draw(st.integers(1, 500)))


def symbols(text: str) -> list[int]:
    """The symbols of an event's notes from the top, without END."""
    event = parse(text)
    return features.spell(event, event.held)[0][:-1]


def parallels(before: str, chosen: str) -> list[str]:
    """The notes that the head is warned of, as text."""
    found = told(symbols(chosen), parse(before).sounding)
    return [str(parse_pitch(column - PARALLEL)) for column in found if PARALLEL <= column < INTERVALS]


def parse_pitch(step: int) -> Event:
    return Event((LOWEST + step,), (), 24)


@given(events())
def test_a_conforming_event_sounds_the_same_notes_for_as_long_octaves_aside(event: Event) -> None:
    parts = features.conform(event)
    assert sum(part.ticks for part in parts) == event.ticks
    assert all(part.ticks in LENGTHS for part in parts)
    assert all(LOWEST <= pitch <= features.HIGHEST for part in parts for pitch in part.sounding)
    assert {p % 12 for p in parts[0].starts} | {p % 12 for p in parts[0].held} == {p % 12 for p in event.sounding}
    assert all(part.held == parts[0].sounding and not part.starts for part in parts[1:])
    assert all(features.conform(part) == (part,) for part in parts)


@given(events(), chords)
def test_spelling_goes_down_and_holds_only_what_sounded(event: Event, sounded: tuple[int, ...]) -> None:
    part = features.conform(event)[0]
    spelled, length = features.spell(part, sounded)
    assert spelled[-1] == END
    notes = [(symbol % PITCHES + LOWEST, symbol >= HOLD) for symbol in spelled[:-1]]
    assert [pitch for pitch, _ in notes] == sorted(part.sounding, reverse=True)
    assert all(held == (pitch in part.held and pitch in sounded) for pitch, held in notes)
    assert LENGTHS[length] == part.ticks


@given(events(), st.integers(0, 10_000))
def test_the_columns_of_a_row_are_distinct_and_exist(event: Event, tick: int) -> None:
    place = Grid(((0, Metre(3, 4)), (240, Metre(6, 8))), upbeat=24).place(tick)
    found = features.columns(features.conform(event)[0], (), place)
    assert len(set(found)) == len(found)
    assert all(0 <= column < ROW for column in found)


def test_rows_tell_apart_where_in_the_bar_the_next_event_begins() -> None:
    grid = Grid()
    rows = {tuple(sorted(features.columns(parse("C4"), (), grid.place(tick)))) for tick in range(0, 96, 6)}
    assert len(rows) == 16


def test_the_head_is_told_the_chosen_notes_what_sounded_and_where_the_voice_comes_from() -> None:
    before = parse("C3.G3.E4.C5").sounding
    assert told([], before) == [*(SOUNDED + p - LOWEST for p in before), LEADS + 72 - LOWEST]
    chosen = symbols("E4.B4")
    assert set(chosen) == {START + 71 - LOWEST, START + 64 - LOWEST}
    assert set(chosen) <= set(told(chosen, before))
    assert LEADS + 55 - LOWEST in told(chosen, before)


def test_a_fifth_voice_comes_from_nowhere() -> None:
    assert all(column < LEADS for column in told(symbols("C3.E3.G3.C4"), parse("C3.G3.C4").sounding))


@pytest.mark.parametrize(
    ("before", "chosen", "warned"),
    [
        ("C4.G4", "A4", ["D3", "D4"]),  # a fifth that moves up as a fifth
        ("C4.C5", "D5", ["D3", "D4"]),  # an octave; D4 and, by contrary motion, D3
        ("F3.G4", "A4", []),  # a ninth is no perfect interval
        ("C4.G4", "G4", []),  # a voice that stays makes no parallel
        ("F3.C4.G4", "D4.A4", ["G2", "G3"]),  # the tenor is a fifth under the alto, and a ninth under the soprano
    ],
)
def test_warnings_of_parallels(before: str, chosen: str, warned: list[str]) -> None:
    assert parallels(before, chosen) == warned


@given(chords)
def test_what_is_spelled_was_possible_at_each_step(sounded: tuple[int, ...]) -> None:
    sounded = tuple(pitch for pitch in sounded if LOWEST <= pitch <= features.HIGHEST)
    event = Event((), sounded, 24)
    symbols, _ = features.spell(event, sounded)
    for count, symbol in enumerate(symbols):
        assert symbol in features.possible(symbols[:count], sounded)


def test_what_is_possible_goes_down_and_holds_what_sounded() -> None:
    sounded = (LOWEST + 1, LOWEST + 3)
    first = features.possible([], sounded)
    assert first == [*range(PITCHES), HOLD + 1, HOLD + 3, END, features.FINE]
    assert features.possible([START + 3], sounded) == [START, START + 1, START + 2, HOLD + 1, END]
    assert features.possible([HOLD + 1], sounded) == [START, END]
