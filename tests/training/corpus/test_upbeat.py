from __future__ import annotations

from pathlib import Path

import pytest

from bachd.music import midifile
from bachd.music.event import Event, parse_line
from bachd.music.metre import Grid, Metre
from bachd.training.corpus import upbeat as upbeats

SEEDS = sorted(Path("models/chorales/seeds").glob("*.mid"))
BAR = "C3.E4.G4.C5 ~C3.~E4.~G4.D5:0.5 ~C3.~E4.~G4.C5:0.5 G3.D4.G4.B4 ~G3.~D4.~G4.A4:0.5 ~G3.~D4.~G4.B4:0.5 "
QUIET = "C5:0.5 D5:0.5 E5:0.5 C5:0.5 A4:0.5 B4:0.5 C5:0.5 D5:0.5 "
CLOSE = "C3.E4.G4.C5:"


def test_music_that_begins_on_the_beat_keeps_its_bars() -> None:
    assert upbeats.find_grid(parse_line((BAR + QUIET) * 8 + CLOSE + "4"), Metre(4, 4)) == Grid()


@pytest.mark.parametrize(("upbeat", "close"), [("G4:0.25", "3.75"), ("G4:0.5", "3.5"), ("G4:0.5 A4:0.5", "3")])
def test_an_upbeat_is_found_before_the_first_accent(upbeat: str, close: str) -> None:
    events = parse_line(f"{upbeat} {(BAR + QUIET) * 8}{CLOSE}{close}")
    first = sum(event.ticks for event in parse_line(upbeat))
    assert upbeats.find_grid(events, Metre(4, 4)) == Grid(upbeat=first)


def test_bars_that_shift_by_the_upbeat_begin_anew_there() -> None:
    half = (BAR + QUIET) * 8
    grid = upbeats.find_grid(parse_line(f"G4:0.5 {half}{CLOSE}4 G4:0.5 {half}{CLOSE}3.5"), Metre(4, 4))
    assert grid.upbeat == 12
    assert [metre for _, metre in grid.changes] == [Metre(4, 4)] * 2
    turn = grid.changes[1][0]
    assert (turn - 24) % 96 == 0
    assert abs(turn - 24 - 17 * 96) <= 96


def test_what_makes_no_sense_is_left_as_it_is() -> None:
    assert upbeats.find_grid((Event((60,), (), 5),), Metre(3, 8)) == Grid(((0, Metre(3, 8)),))
    assert upbeats.find_grid(parse_line("C4 " * 7), Metre(1, 32)).upbeat == 0


def test_the_upbeats_of_chorales_are_found_without_their_bars() -> None:
    pieces = [midifile.read(file.read_bytes(), file.stem) for file in SEEDS]
    plain = [piece for piece in pieces if len(piece.grid.changes) == 1]
    found = [upbeats.find_grid(piece.events, piece.grid.changes[0][1]).upbeat for piece in plain]
    right = sum(upbeat == piece.grid.upbeat for upbeat, piece in zip(found, plain, strict=True))
    assert right >= 0.8 * len(plain), f"{right} of {len(plain)}"
