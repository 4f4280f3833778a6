from __future__ import annotations

import pytest

from bachd.music.chords import Chord, identify
from bachd.music.event import parse


@pytest.mark.parametrize(
    ("notes", "chord"),
    [
        ("C3.G3.E4.C5", Chord(0, "major")),
        ("E3.G3.C4", Chord(0, "major")),
        ("A2.E3.C4", Chord(9, "minor")),
        ("G2.F3.B3.D4", Chord(7, "dominant seventh")),
        ("B2.D3.F3", Chord(11, "diminished")),
        ("C4.G4", Chord(0, "major")),
        ("E4.C5", Chord(0, "major")),
        ("C4.D4.E4", None),
        ("R", None),
    ],
)
def test_a_chord_is_known_by_its_pitch_classes(notes: str, chord: Chord | None) -> None:
    assert identify(parse(notes).sounding) == chord
