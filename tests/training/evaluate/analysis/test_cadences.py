from __future__ import annotations

import pytest

from bachd.music.event import parse_line
from bachd.training.evaluate.analysis import cadences

C_MAJOR, G_MAJOR, A_MINOR = 0, 7, 21


@pytest.mark.parametrize(
    ("music", "key", "kind"),
    [
        ("G2.D4.F4.B4 C3.E4.G4.C5:2", C_MAJOR, cadences.PERFECT),
        ("G2.D4.G4.B4 C3.C4.G4.E5:2", C_MAJOR, cadences.IMPERFECT),  # the third on top
        ("B2.D4.F4.G4 C3.E4.G4.C5:2", C_MAJOR, cadences.IMPERFECT),  # the dominant not over its root
        ("B2.D4.F4 C3.E4.C5:2", C_MAJOR, cadences.IMPERFECT),  # from the triad on the leading note
        ("G#2.D4.F4.B4 A2.C4.E4.A4:2", A_MINOR, cadences.IMPERFECT),  # from its diminished seventh
        ("G2.B3.D4.G4 G3.A3.D4.F4:0.25 C3.E4.G4.C5:2", C_MAJOR, cadences.PERFECT),  # a passing note between the two
        ("C3.E4.G4.C5 G2.D4.G4.B4:2", C_MAJOR, cadences.HALF),
        ("E3.E4.G4.C5 D3.D4.A4.C5 A2.C4.E4.C5 G2.D4.G4.B4:2", C_MAJOR, cadences.HALF),
        ("F2.C4.A4.F4 C3.C4.E4.G4:2", C_MAJOR, cadences.PLAGAL),
        ("G2.D4.F4.B4 A2.C4.E4.C5:2", C_MAJOR, cadences.DECEPTIVE),
        ("E2.B3.D4.G#4 F2.A3.C4.A4:2", A_MINOR, cadences.DECEPTIVE),
        ("D3.F4.A4 C3.E4.G4:2", C_MAJOR, None),
        ("G2.D4.G4.B4 G2.D4.G4.B4:2", G_MAJOR, None),  # nothing but the tonic
        ("G2.D4.F4.B4 R", C_MAJOR, None),
    ],
)
def test_a_cadence_is_known_by_its_last_two_chords(music: str, key: int, kind: str | None) -> None:
    events = parse_line(music)
    assert cadences.kind(events, len(events) - 1, key) == kind
