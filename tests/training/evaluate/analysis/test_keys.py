from __future__ import annotations

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate.analysis import keys

IN_C = "C4.E4.G4 F4.A4.C5 G4.B4.D5 C4.E4.G4 " * 3
IN_E = "E4.G#4.B4 A4.C#5.E5 B4.D#5.F#5 E4.G#4.B4 " * 3
IN_A_MINOR = "A3.C4.E4 D4.F4.A4 E4.G#4.B4 A3.C4.E4 " * 3


def path(music: str) -> list[int]:
    return [int(key) for key in keys.path(keys.spelled(Piece("some", parse_line(music), Grid())))]


@pytest.mark.parametrize(("music", "key"), [(IN_C, 0), (IN_E, 4), (IN_A_MINOR, 21)])
def test_a_key_is_found_by_what_sounds_how_long(music: str, key: int) -> None:
    table = keys.spelled(Piece("some", parse_line(music), Grid()))
    assert table.sum() == 12 * 3 * 24
    assert keys.key_of(table.sum(axis=0)) == key
    assert keys.correlations(table.sum(axis=0)).argmax() == key
    assert set(path(music)) == {key}


def test_an_event_over_several_quarters_is_shared_out_among_them() -> None:
    table = keys.spelled(Piece("long", parse_line("C4:0.5 C4.G4:1.25"), Grid()))
    assert table[:, 0].tolist() == [24, 18]
    assert table[:, 7].tolist() == [12, 18]


def test_a_modulation_is_one_change_of_key() -> None:
    found = path(IN_C + IN_E)
    assert (found[0], found[-1]) == (0, 4)
    assert np.count_nonzero(np.diff(found)) == 1
    assert abs(int(np.flatnonzero(np.diff(found))[0]) - 11) <= 1


def test_one_chord_of_another_key_is_no_modulation() -> None:
    assert set(path(IN_C + "A3.C#4.E4 D4.F4.A4 " + IN_C)) == {0}


def test_keys_are_near_if_one_accidental_tells_them_apart() -> None:
    c_major = 0
    assert {key for key in range(24) if keys.near(key, c_major)} == {0, 7, 5, 12 + 9, 12 + 4, 12 + 2}


def test_silence_has_no_key_that_could_be_told() -> None:
    assert not keys.correlations(np.zeros(12)).any()
    assert len(path("R:4")) == 4
