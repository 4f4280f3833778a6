from __future__ import annotations

from bachd.music.event import TICKS, parse_line
from bachd.music.form import written
from bachd.music.form.habits import Cadence
from bachd.music.keys import Key
from bachd.music.metre import Grid
from bachd.music.piece import Piece

IN_C = "C3.E4.G4.C5 F3.F4.A4.C5 G3.D4.G4.B4 C3.E4.G4.C5:2"
IN_G = "G3.D4.G4.B4 D3.D4.F#4.A4 E3.E4.G4.B4 D3.D4.F#4.A4 G3.D4.G4.B4 C3.E4.G4.C5 D3.D4.F#4.A4 G2.D4.G4.B4:2"


def piece(line: str) -> Piece:
    return Piece("a", parse_line(line), Grid())


def test_a_chorale_has_its_phrases_where_it_is_told_that_they_end() -> None:
    form = written.of(piece(f"{IN_C} {IN_G} {IN_C}"), ends=(5 * TICKS, 14 * TICKS))
    assert [(p.begin, p.goal, p.end) for p in form.phrases] == [
        (0, 3 * TICKS, 5 * TICKS),
        (5 * TICKS, 12 * TICKS, 14 * TICKS),
        (14 * TICKS, 17 * TICKS, 19 * TICKS),
    ]
    assert [p.key for p in form.phrases] == [Key(0), Key(7), Key(0)]
    assert [p.cadence for p in form.phrases] == [Cadence.AUTHENTIC, Cadence.AUTHENTIC, Cadence.FINAL]
    assert form.home == Key(0)


def test_the_last_chord_lasts_from_the_last_note_that_starts_until_nothing_sounds() -> None:
    assert written.last_ticks(piece(IN_C)) == 2 * TICKS
    assert written.last_ticks(piece("C4 E4 C3.G4 ~C3:0.5 R:3")) == 3 * TICKS // 2
    assert written.last_ticks(piece("R:3")) == 0


def test_ends_at_the_very_end_or_too_near_to_each_other_are_none() -> None:
    form = written.of(piece(f"{IN_C} {IN_G}"), ends=(5 * TICKS, 6 * TICKS, 14 * TICKS))
    assert [p.end for p in form.phrases] == [5 * TICKS, 14 * TICKS]


def test_a_line_that_never_rests_is_divided_at_bar_lines() -> None:
    form = written.of(piece(" ".join(["C3:0.25 E3:0.25 G3:0.25 E3:0.25"] * 4 * 20)))
    assert [p.end for p in form.phrases[:-1]] == [16 * TICKS * n for n in range(1, len(form.phrases))]
    assert form.phrases[-1].end == 80 * TICKS
    assert form.phrases[-1].cadence is Cadence.FINAL


def test_a_single_note_is_a_piece_of_one_phrase() -> None:
    (only,) = written.of(piece("C4")).phrases
    assert (only.begin, only.goal, only.end) == (0, 0, TICKS)


def test_the_goal_is_the_last_note_that_begins_not_the_end_of_what_is_held() -> None:
    form = written.of(piece("C3.E4.G4.C5 G3.D4.G4.B4 C3.E4.G4.C5 ~C3.~E4.~G4.~C5:2"))
    assert form.phrases[-1].goal == 2 * TICKS
