from __future__ import annotations

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis import voices
from bachd.training.evaluate.analysis.passage import Ints, Passage

FULL = "C3.G3.E4.C5"


def assigned(music: str) -> Ints:
    return voices.assign([event.sounding for event in parse_line(music)])


def lost(music: str) -> int:
    return voices.lost(Passage(Piece("some", parse_line(music), Grid()), 0, "some", 0))


def test_a_voice_that_meets_another_shares_its_note_the_nearest() -> None:
    rows = assigned(f"{FULL} C3.G3.C5 {FULL}")
    assert rows.tolist() == [[72, 64, 55, 48], [72, 72, 55, 48], [72, 64, 55, 48]]  # E is nearer to C than to G
    assert assigned("C3.G3.E4.C5 C3.D4.C5").tolist()[1] == [72, 62, 62, 48]


def test_of_five_notes_the_inner_voices_have_the_nearest() -> None:
    assert assigned("C3.G3.E4.C5 C3.F3.G3.E4.C5").tolist()[1] == [72, 64, 55, 48]


def test_a_rest_is_no_note_and_what_follows_starts_anew() -> None:
    rows = assigned(f"{FULL} R C4")
    assert rows.tolist()[1:] == [[-1] * 4, [60] * 4]
    assert voices.parallels(rows, 0) == 0


def test_a_voice_is_lost_when_three_chords_in_a_row_miss_it() -> None:
    three = "C3.G3.C5"
    assert lost(f"{FULL} {three} {three} {FULL}") == 0
    assert lost(f"{FULL} {three} {three} {three} {FULL}") == 1
    assert lost(f"{FULL} {three} C3.E4 {three} {FULL} {three} {three} {three}") == 2
    assert lost("R R R R") == 0


def test_parallels_are_counted_where_both_voices_move() -> None:
    fifths = assigned("C3.G3.E4.C5 D3.A3.F4.D5")
    assert voices.parallels(fifths, 7) == 1
    assert voices.parallels(fifths, 0) == 1  # of the outer voices
    assert voices.parallels(assigned("C3.G3.E4.C5 C3.G3.F4.D5"), 7) == 0
    contrary = assigned("C3.G3.E4.C5 B2.G3.F4.D5")
    assert voices.parallels(contrary, 7) == voices.parallels(contrary, 0) == 0


def test_two_voices_that_move_on_one_note_are_in_parallel_unisons() -> None:
    assert voices.parallels(assigned("C3.G3.C5 D3.A3.D5"), 0) == 3  # and both are in octaves with the bass


def test_hidden_octaves_come_by_a_leap_of_the_soprano_the_same_way() -> None:
    assert voices.hidden(assigned("C3.G3.C4.E4 F3.A3.C4.C5")) == 1  # both up, to a fifth
    assert voices.hidden(assigned("C3.G3.C4.E4 F3.A3.C4.A4")) == 0  # to a third
    assert voices.hidden(assigned("C4.E4.G4.E5 F3.A3.C4.C6")) == 0  # against each other


def test_a_voice_overlaps_where_its_neighbour_was() -> None:
    assert voices.overlaps(assigned("C3.G3.E4.C5 C3.F4.A4.C5")) == 1  # the tenor is above the alto's E
    assert voices.overlaps(assigned("C3.G3.E4.C5 C3.A3.F4.C5")) == 0


def test_notes_outside_of_a_voice_are_counted_where_they_begin() -> None:
    assert voices.outside(assigned("C3.G3.E4.C5 C3.G3.E4.C6:2 C3.G3.E4.C6")) == (1, 5)


def test_contrary_motion_is_counted_where_both_outer_voices_move() -> None:
    assert voices.contrary(assigned("C3.G3.E4.C5 B2.G3.D4.D5 C3.G3.D4.D5 D3.G3.D4.E5")) == (1, 2)
