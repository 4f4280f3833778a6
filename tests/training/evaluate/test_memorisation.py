from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachd.music.event import Event, parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Piece
from bachd.training.evaluate import memorisation
from bachd.training.evaluate.event_arrays import of_pieces

chords = st.sets(st.sampled_from([60, 62, 64]), min_size=1, max_size=2).map(lambda found: tuple(sorted(found)))
pieces = st.lists(
    st.lists(chords, min_size=1, max_size=8).map(
        lambda row: Piece("piece", tuple(Event(chord, (), 24) for chord in row), Grid())
    ),
    min_size=1,
    max_size=3,
)


def piece(text: str) -> Piece:
    return Piece("piece", parse_line(text), Grid())


@given(pieces, pieces, st.booleans())
def test_the_runs_are_those_that_one_finds_by_trying(ours: list[Piece], theirs: list[Piece], transposed: bool) -> None:
    def same(one: list[Event], other: list[Event]) -> bool:
        shift = one[0].sounding[-1] - other[0].sounding[-1] if transposed else 0
        return [e.sounding for e in one] == [tuple(p + shift for p in e.sounding) for e in other]

    expected = []
    for mine in ours:
        for at in range(len(mine.events)):
            found = [
                count
                for count in range(1, len(mine.events) - at + 1)
                for other in theirs
                for there in range(len(other.events) - count + 1)
                if same(list(mine.events[at : at + count]), list(other.events[there : there + count]))
            ]
            expected.append(max(found, default=0))
    runs = memorisation.common(of_pieces(ours), of_pieces(theirs), transposed=transposed)
    assert runs.tolist() == expected


def test_lengths_and_struck_notes_make_no_difference() -> None:
    music, source = of_pieces([piece("C4.E4 ~C4.F4:2 G4")]), of_pieces([piece("A4 C4.E4:0.5 C4.F4 G4:3 A4")])
    assert memorisation.common(music, source, transposed=False).tolist() == [3, 2, 1]


def test_a_moved_copy_is_only_found_when_looked_for() -> None:
    music, source = of_pieces([piece("D4.F#4 A4 B4")]), of_pieces([piece("C4.E4 G4 A4")])
    found = memorisation.of(music, source, transposed=True)
    assert (found.p50, found.p99, found.longest) == pytest.approx((2, 2.98, 3))
    assert memorisation.of(music, source, transposed=False).longest == 1


def test_music_without_events_has_copied_nothing() -> None:
    assert memorisation.of(of_pieces([]), of_pieces([piece("C4")]), transposed=True).longest == 0
