from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse
from bachd.music.metre import Grid, Metre
from bachd.neural import chord_spelling, features
from bachd.neural.chord_spelling import head_input_columns
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
    return chord_spelling.spell(event, event.held)[0][:-1]


def parallels(before: str, chosen: str) -> list[str]:
    """The notes that the head is warned of, as text."""
    found = head_input_columns(symbols(chosen), parse(before).sounding)
    return [str(parse_pitch(column - PARALLEL)) for column in found if PARALLEL <= column < INTERVALS]


def parse_pitch(step: int) -> Event:
    return Event((LOWEST + step,), (), 24)


@given(events())
def test_a_conforming_event_sounds_the_same_notes_for_as_long_octaves_aside(event: Event) -> None:
    parts = features.to_layout(event)
    assert sum(part.ticks for part in parts) == event.ticks
    assert all(part.ticks in LENGTHS for part in parts)
    assert all(LOWEST <= pitch <= features.HIGHEST for part in parts for pitch in part.sounding)
    assert {p % 12 for p in parts[0].starts} | {p % 12 for p in parts[0].held} == {p % 12 for p in event.sounding}
    assert all(part.held == parts[0].sounding and not part.starts for part in parts[1:])
    assert all(features.to_layout(part) == (part,) for part in parts)


@given(events(), chords)
def test_spelling_goes_down_and_holds_only_what_sounded(event: Event, sounded: tuple[int, ...]) -> None:
    part = features.to_layout(event)[0]
    spelled, length = chord_spelling.spell(part, sounded)
    assert spelled[-1] == END
    notes = [(symbol % PITCHES + LOWEST, symbol >= HOLD) for symbol in spelled[:-1]]
    assert [pitch for pitch, _ in notes] == sorted(part.sounding, reverse=True)
    assert all(held == (pitch in part.held and pitch in sounded) for pitch, held in notes)
    assert LENGTHS[length] == part.ticks


@given(events(), st.integers(0, 10_000))
def test_the_columns_of_a_row_are_distinct_and_exist(event: Event, tick: int) -> None:
    place = Grid(((0, Metre(3, 4)), (240, Metre(6, 8))), upbeat=24).place(tick)
    found = features.columns(features.to_layout(event)[0], (), place)
    assert len(set(found)) == len(found)
    assert all(0 <= column < ROW for column in found)


def test_rows_tell_apart_where_in_the_bar_the_next_event_begins() -> None:
    grid = Grid()
    rows = {tuple(sorted(features.columns(parse("C4"), (), grid.place(tick)))) for tick in range(0, 96, 6)}
    assert len(rows) == 16


def test_the_head_is_told_the_chosen_notes_what_sounded_and_where_the_voice_comes_from() -> None:
    before = parse("C3.G3.E4.C5").sounding
    pitches = [column for column in head_input_columns([], before) if column < INTERVALS]
    assert pitches == [*(SOUNDED + p - LOWEST for p in before), LEADS + 72 - LOWEST]
    chosen = symbols("E4.B4")
    assert set(chosen) == {START + 71 - LOWEST, START + 64 - LOWEST}
    assert set(chosen) <= set(head_input_columns(chosen, before))
    assert LEADS + 55 - LOWEST in head_input_columns(chosen, before)


def test_a_fifth_voice_comes_from_nowhere() -> None:
    found = head_input_columns(symbols("C3.E3.G3.C4"), parse("C3.G3.C4").sounding)
    assert all(column < LEADS or column >= INTERVALS for column in found)


@pytest.mark.parametrize("semitones", [-7, 5, 12])
def test_intervals_are_the_same_in_all_keys(semitones: int) -> None:
    def moved(text: str) -> Event:
        event = parse(text)
        shift = [tuple(pitch + semitones for pitch in pitches) for pitches in (event.starts, event.held)]
        return Event(shift[0], shift[1], event.ticks)

    def intervals(before: Event, chosen: Event) -> set[int]:
        spelled = chord_spelling.spell(chosen, chosen.held)[0][:-1]
        return {column for column in head_input_columns(spelled, before.sounding) if column >= INTERVALS}

    def row(before: Event, event: Event) -> set[int]:
        found = features.columns(event, before.sounding, Grid().place(24))
        return {column for column in found if column >= features.BASS + 12}

    before, after = "C3.G3.E4.C5", "F3.~C4.F4.A4"
    assert row(parse(before), parse(after)) == row(moved(before), moved(after))
    for chosen in ("A4", "F4.A4", "~C4.F4.A4", after, "E2.F3.~C4.F4.A4"):
        assert intervals(parse(before), parse(chosen)) == intervals(moved(before), moved(chosen)) != set()


def test_a_row_shows_the_chord_above_its_bass_and_the_step_of_each_voice() -> None:
    def shown(before: str, after: str) -> set[int]:
        found = features.columns(parse(after), parse(before).sounding, Grid().place(24))
        return {column for column in found if column >= features.BASS}

    still = shown("C3.E3.G3", "C3.E3.G3")
    assert {column - features.BASS for column in still if column < features.BASS + 24} == {0, 12 + 0, 12 + 4, 12 + 7}
    assert len(still) == 4 + 3
    assert len(still ^ shown("C3.E3.G3", "C3.E3.A3")) == 4  # another note above the bass, and another step on top
    assert len(still ^ shown("C3.E3.G3", "D3.F#3.A3")) == 2 + 6  # another bass, and three other steps
    assert shown("C3", "R") == set()


@pytest.mark.parametrize(
    ("before", "chosen", "expected"),
    [
        ("R", "", (None, None)),
        ("C3.C5", "", (72, 48)),  # the top voice comes from C5, above the bass C3
        ("C3.C5", "B4", (48, 71)),  # the next one from C3, below the B4 that was chosen
        ("C3.C5", "G3.B4", (55, 55)),  # a third one from nowhere
        ("R", "B4", (71, 71)),
    ],
)
def test_the_anchors_of_a_note(before: str, chosen: str, expected: tuple[int | None, int | None]) -> None:
    spelled = symbols(chosen) if chosen else []
    assert chord_spelling.anchors(spelled, parse(before).sounding) == expected


def test_an_answer_is_what_is_said_of_a_pitch_and_of_its_distances() -> None:
    said = np.zeros(features.SAID, np.float32)
    said[START + 74 - LOWEST] = 1
    said[features.LOGITS + features.SPAN + 2] = 10  # a whole tone above where the voice comes from
    said[features.LOGITS + features.SPANS + features.SPAN + 3] = 100  # a minor third above the bass
    logits = chord_spelling.to_logits(said.copy(), [], parse("C3.C5").sounding)
    assert {LOWEST + int(step): float(logits[step]) for step in np.flatnonzero(logits)} == {51: 100, 74: 11}
    # At the border of the layout nothing spills into other symbols.
    said[:] = 1
    high = chord_spelling.to_logits(said.copy(), [], (features.HIGHEST,))
    assert list(high[START + PITCHES - features.SPAN - 2 : START + PITCHES + 1]) == [1, *[3] * (features.SPAN + 1), 1]
    low = chord_spelling.to_logits(said.copy(), [], (LOWEST,))
    assert list(low[: features.SPAN + 2]) == [*[3] * (features.SPAN + 1), 1]
    assert list(chord_spelling.to_logits(said.copy(), [], ())) == [1] * features.LOGITS


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
    symbols, _ = chord_spelling.spell(event, sounded)
    for count, symbol in enumerate(symbols):
        assert symbol in chord_spelling.possible(symbols[:count], sounded)


def test_what_is_possible_goes_down_and_holds_what_sounded() -> None:
    sounded = (LOWEST + 1, LOWEST + 3)
    first = chord_spelling.possible([], sounded)
    assert first == [*range(PITCHES), HOLD + 1, HOLD + 3, END, features.END_OF_PIECE]
    assert chord_spelling.possible([START + 3], sounded) == [START, START + 1, START + 2, HOLD + 1, END]
    assert chord_spelling.possible([HOLD + 1], sounded) == [START, END]
