from __future__ import annotations

from math import log2

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate import style_statistics
from bachd.training.evaluate.event_arrays import Row, of_pieces

SCALE = "C4 D4 E4 F4 G4 A4 B4 C5"
CHROMATIC = "C4 C#4 D4 D#4 E4 F4 F#4 G4 G#4 A4 A#4 B4"


def row(*texts: str) -> Row:
    return of_pieces(Piece("piece", parse_line(text), Grid()) for text in texts)


def counted(music: Row) -> style_statistics.Habits:
    return style_statistics.habits(music, style_statistics.windows(music))


@pytest.mark.parametrize(
    ("before", "after", "fifths", "octaves"),
    [
        ((43, 50, 59, 67), (45, 52, 60, 69), 1, 1),  # G to A with everything in step: G-D and G-G
        ((43, 50, 59, 67), (42, 50, 60, 69), 0, 0),  # contrary motion
        ((48, 55, 64, 72), (48, 55, 65, 72), 0, 0),  # what stays makes no parallel
        ((48, 55, 64, 67), (47, 55, 62, 67), 0, 0),  # a fifth between voices that stay
    ],
)
def test_parallels(before: tuple[int, ...], after: tuple[int, ...], fifths: int, octaves: int) -> None:
    chords = np.array([before]), np.array([after])
    assert style_statistics.parallels(*chords, 7).tolist() == [fifths]
    assert style_statistics.parallels(*chords, 0).tolist() == [octaves]


def test_parallels_are_counted_per_thousand_changes_of_four_voices() -> None:
    found = counted(row("G2.D3.B3.G4 A2.E3.C4.A4 ~A2.~E3.~C4.~A4 A2.E3.C4 B2.F3.D4.B4 C3.G3.E4.C5", "D3.A3.F4.D5"))
    # G to A, and B to C; A held makes no change, a chord of three notes is none of four, a new piece follows nothing.
    assert found.changes == 2
    assert found.octaves == pytest.approx(1000)
    assert found.fifths == pytest.approx(500)  # B-F is no fifth


def test_where_no_four_voices_move_nothing_is_said_of_them() -> None:
    found = counted(row(SCALE))
    assert (found.changes, found.fifths, found.octaves) == (0, None, None)
    assert (found.lowest, found.highest) == (60, 72)


def test_sounding_together_is_weighed_by_time_and_silence_left_out() -> None:
    assert counted(row("C4:3 C4.E4.G4 R:8")).polyphony == pytest.approx((3 * 1 + 3) / 4)


def test_a_scale_is_consistent_and_all_twelve_notes_are_not() -> None:
    scale, chromatic = counted(row(SCALE)), counted(row(CHROMATIC))
    assert scale.scale_consistency == 1
    assert counted(row("A3 B3 C4 D4 E4 F4 G4")).scale_consistency == 1
    assert chromatic.scale_consistency == pytest.approx(7 / 12)
    assert chromatic.pitch_class_entropy == pytest.approx(log2(12))
    assert scale.pitch_class_entropy == pytest.approx(-(6 / 8 * log2(1 / 8) + 2 / 8 * log2(2 / 8)))


def test_held_notes_are_no_new_ones() -> None:
    assert counted(row("C4 ~C4.E4 ~C4.~E4")).pitch_class_entropy == pytest.approx(1)


def test_what_repeats_is_not_distinct() -> None:
    assert counted(row(CHROMATIC)).distinct_4 == 1
    assert counted(row(" ".join(["C4 D4"] * 51))).distinct_4 == pytest.approx(2 / 99)
    assert counted(row("C4 D4 E4 F4 C4:2 D4 E4 F4")).distinct_4 == pytest.approx(4 / 5)  # lengths do not count


def test_windows_reach_across_pieces_and_the_rest_is_dropped() -> None:
    music = row(*[SCALE] * 75)  # 600 events
    assert len(style_statistics.windows(music).distinct_4) == 600 // style_statistics.WINDOW
    assert len(style_statistics.windows(row(SCALE)).distinct_4) == 1


@pytest.mark.parametrize(
    ("text", "longest"),
    [(SCALE, 0), ("C4 D4 E4 D4 E4 D4 F4", 5), ("C4 C4 C4:2", 2), (" ".join([SCALE] * 4), 32)],
)
def test_the_longest_circle_has_two_periods_at_least(text: str, longest: int) -> None:
    assert style_statistics.longest_circle(row(text)) == longest


def test_a_window_is_like_bachs_where_nine_of_ten_of_his_are() -> None:
    bach = style_statistics.Windows(*[np.arange(101.0)] * 3)
    music = style_statistics.Windows(np.array([4.0, 5, 50, 95]), np.array([-1.0, 96]), np.array([50.0]))
    assert style_statistics.within(music, bach) == {
        "pitch_class_entropy": 0.75,
        "distinct_4": 0,
        "scale_consistency": 1,
    }


def test_steps_and_lengths_are_counted() -> None:
    music = row("C4 D4 ~D4.E3 C4:2 R C5", "C4")
    steps = style_statistics.intervals(music)
    assert (steps[12 + 2], steps[12 - 2], steps.sum()) == (1, 1, 2)
    usual, (shares,) = style_statistics.lengths([music], 3)
    assert usual == [24, 48]
    assert shares.tolist() == pytest.approx([6 / 7, 1 / 7])
