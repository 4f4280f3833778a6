"""What has sounded, and what will have if a note is held."""

from __future__ import annotations

from bachd.music.event import parse_line
from bachd.music.keys import Key
from bachd.music.metre import Grid, Metre
from bachd.neural.context import Context
from bachd.neural.harmonise.past import SILENCE, Past
from bachd.neural.outlook import NOWHERE


def past(key: Key | None = None, voice: int = 0) -> Past:
    return Past(Context(0, 1), Grid(((0, Metre(3, 4)),)), key, voice)


def test_what_sounds_is_known_from_where_it_is_cut() -> None:
    found = past()
    (found.sounding,) = parse_line("C3.G3.E4.C5:2")
    found.settle(24, lambda: NOWHERE)
    assert found.last == (48, 55, 64, 72)
    assert found.place.phase == 24
    assert found.place_at(36).phase == 36


def test_the_future_of_a_held_note_changes_nothing_that_is_known() -> None:
    found = past()
    (found.sounding,) = parse_line("C3.G3.E4.C5")
    outlook, place = found.given(72, held=True), found.place_at(24)
    ahead = found.history_until(24).features(72, place, outlook, held=True)
    now = found.history.features(72, place, outlook, held=True)
    assert (ahead != now).any()
    found.settle(24, lambda: NOWHERE)
    assert (found.history.features(72, place, outlook, held=True) == ahead).all()


def test_after_a_silence_all_is_forgotten() -> None:
    found = past()
    (found.sounding,) = parse_line("C3.G3.E4.C5")
    found.settle(24, lambda: NOWHERE)
    (found.sounding,) = parse_line("R")
    found.settle(24 + SILENCE * 72, lambda: NOWHERE)
    assert found.last == ()


def test_a_key_that_is_known_is_not_estimated() -> None:
    assert past(Key(2)).given(60, held=False).key == Key(2)
    assert past().unled() == NOWHERE


def test_a_lower_voice_is_estimated_by_its_own_notes_and_not_given_to_the_network() -> None:
    found = past(voice=3)
    (found.sounding,) = parse_line("D3.F#3.A3.C5:2")
    outlook = found.settle(48, lambda: found.given(50, held=True))
    alone = past()
    (alone.sounding,) = parse_line("D3:2")
    assert outlook.given is None
    assert outlook.key == alone.settle(48, lambda: alone.given(50, held=True)).key
    assert found.unled().given is None
