"""How voices move, counted in music that is short enough to count by hand."""

from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Piece
from bachd.training.evaluate.given.motion import Motion, as_text, count


def of(music: str, grid: Grid | None = None) -> Motion:
    return count([Piece("", parse_line(music), grid or Grid())])


def test_a_passing_note_is_told_from_a_neighbour() -> None:
    passing = of("C3.G3.E4.C5:0.5 ~C3.~G3.D4.~C5:0.5 F3.A3.C4.C5")
    assert passing.passing_notes == pytest.approx(1 / 7)  # C F, G A, E D C
    assert passing.neighbours == passing.unresolved == 0
    neighbour = of("C3.G3.E4.C5:0.5 ~C3.~G3.F4.~C5:0.5 C3.G3.E4.C5")
    assert neighbour.neighbours == pytest.approx(1 / 5)
    assert neighbour.passing_notes == 0


def test_what_is_left_by_a_leap_is_not_resolved() -> None:
    assert of("C3.G3.E4.C5:0.5 ~C3.~G3.D4.~C5:0.5 C3.E3.G4.C5").unresolved == 1


def test_on_the_beat_nothing_passes() -> None:
    upbeat = Grid(((0, Metre(4, 4)),), 12)
    assert of("C3.G3.E4.C5:0.5 ~C3.~G3.D4.~C5:0.5 F3.A3.C4.C5", upbeat).passing_notes == 0


def test_a_suspension_is_prepared_and_goes_a_step_down() -> None:
    found = of("G2.D4.B4.G5 C3.E4.C5.G5 G2.D4.~C5.G5:0.5 ~G2.~D4.B4.~G5:0.5")
    assert found.suspensions == pytest.approx(1 / 9)
    assert of("G2.D4.B4.G5 C3.E4.C5.G5 G2.D4.~C5.G5:0.5 ~G2.~D4.D5.~G5:0.5").suspensions == 0


def test_moves_are_counted_of_chords_that_differ() -> None:
    found = of("C3.G3.E4.C5 C3.G3.E4.C5 F3.A3.C4.C5 R C3.G3.E4.C5")
    assert found.changes_a_quarter == pytest.approx(1 / 4)
    assert (found.bass, found.tenor, found.alto) == (5, 2, 4)
    assert found.inner_leaps == found.bass_steps == found.common_tones == 0
    assert of("C3.G3.E4.C5 D3.G3.D4.B4").common_tones == pytest.approx(1 / 3)
    assert of("C3.G3.E4.C5 D3.A3.A4.B4").inner_leaps == pytest.approx(1 / 2)


def test_the_table_has_a_row_for_each_figure() -> None:
    lines = as_text({"chorales": of("C3.G3.E4.C5"), "Bach": of("C3.G3.E4.C5 D3.G3.D4.B4")}).splitlines()
    assert lines[0].split() == ["chorales", "Bach"]
    assert lines[1].split() == ["changes", "a", "quarter", "0.000", "0.500"]
    assert len(lines) == 12
