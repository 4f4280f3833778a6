from __future__ import annotations

import numpy as np
import pytest

from bachd.music.event import parse_line
from bachd.music.form.character import Character, Tally, tally
from bachd.neural import features
from bachd.neural.features import END, HOLD, LENGTHS, LOWEST, START, SYMBOLS, FloatArray
from bachd.neural.sampling.lean import Lean

PIECE = Character(parse_line("C4 D4 E4 F4 G4 F4 E4 D4 " * 12))
SOUNDED = (60,)


def lean(music: str, strength: float = 1.0) -> Lean:
    drift = PIECE.drift(tally(parse_line(music)))
    assert drift is not None
    return Lean(drift, strength)


def symbols(towards: Lean, chosen: int) -> FloatArray:
    found = np.zeros(SYMBOLS, np.float32)
    towards.shift_symbols(found, [START] * chosen, SOUNDED)
    return found


def test_what_has_been_too_seldom_gains_and_what_has_been_too_often_loses() -> None:
    towards = lean("C4:0.5 C4.E4:0.5 " * 30)
    first, second = symbols(towards, 0), symbols(towards, 1)
    third, fifth = START + 64 - LOWEST, START + 62 - LOWEST
    assert first[third] < 0 < first[fifth]
    assert second[END] > 0
    lengths = np.zeros(len(LENGTHS), np.float32)
    towards.shift_lengths(lengths)
    assert lengths[LENGTHS.index(12)] < 0 < lengths[LENGTHS.index(24)]


@pytest.mark.parametrize(("music", "strength"), [("C4 D4 E4 F4 G4 F4 E4 D4 " * 12, 1.0), ("C4.E4:0.5 " * 30, 0.0)])
def test_where_nothing_differs_or_likeness_is_off_nothing_is_shifted(music: str, strength: float) -> None:
    shifted = symbols(lean(music, strength), 0)
    assert np.abs(shifted).max() < 0.05


def test_nothing_is_ruled_out_and_what_is_ruled_out_stays_so() -> None:
    found = np.zeros(SYMBOLS, np.float32)
    found[START] = -np.inf
    lean("C2.C5:4 " * 40).shift_symbols(found, [], ())
    assert np.isfinite(found[1:]).all()
    assert found[START] == -np.inf


def test_after_chords_that_all_start_at_once_notes_are_rather_held_than_struck() -> None:
    broken = Character(parse_line("C4.E4 ~C4.G4 D4.~G4 ~D4.F4 E4.~F4 ~E4.G4 " * 12))
    block = broken.drift(tally(parse_line("C4.E4 D4.F4 E4.G4 D4.F4 " * 12)))
    assert block is not None
    found = np.zeros(SYMBOLS, np.float32)
    Lean(block, 1.0).shift_symbols(found, [START + 64 - LOWEST], ())
    struck, held = found[START + 60 - LOWEST], found[HOLD + 60 - LOWEST]
    assert struck < held == 0
    after_none = np.zeros(SYMBOLS, np.float32)
    Lean(block, 1.0).shift_symbols(after_none, [HOLD + 64 - LOWEST], ())
    assert abs(after_none[START + 60 - LOWEST]) < abs(struck)  # one of them starts in either


def test_every_length_of_the_layout_has_a_kind() -> None:
    drift = PIECE.drift(Tally())
    assert drift is not None
    Lean(drift, 1.0).shift_lengths(np.zeros(len(features.LENGTHS), np.float32))
