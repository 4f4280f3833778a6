from __future__ import annotations

import pytest

from bachd.music.event import TICKS
from bachd.music.form.habits import Cadence
from bachd.music.form.plan import Form, Phrase
from bachd.music.keys import Key
from bachd.neural import outlook
from bachd.neural.outlook import GIVEN, HOME, KEY, LOWEST, NOWHERE, WIDTH, Clock, Given, Melody, Outlook, ahead

HOME_KEY = Key(2, minor=True)
FORM = Form(
    HOME_KEY,
    192,
    (
        Phrase(192, 360, 384, Key(9, minor=True), Cadence.HALF, "B"),
        Phrase(384, 552, 600, HOME_KEY, Cadence.FINAL, "A"),
    ),
    opening=(Phrase(0, 168, 192, HOME_KEY, Cadence.AUTHENTIC, ""),),
)


@pytest.mark.parametrize(
    ("tick", "since", "to_goal", "to_end", "is_last"),
    [(0, 0, 168, 192, False), (168, 168, 0, 24, False), (192, 0, 168, 192, False), (576, 192, -24, 24, True)],
)
def test_the_clock_counts_from_the_phrase_that_an_event_begins_in(
    tick: int, since: int, to_goal: int, to_end: int, is_last: bool
) -> None:
    clock = ahead(FORM, tick).clock
    assert clock is not None
    assert (clock.since, clock.to_goal, clock.to_end, clock.is_last) == (since, to_goal, to_end, is_last)


def test_the_keys_are_that_of_the_piece_and_that_in_which_the_phrase_closes() -> None:
    found = ahead(FORM, 200)
    assert (found.home, found.key) == (HOME_KEY, Key(9, minor=True))
    assert {HOME + 2 + 12, KEY + 9 + 12} <= set(outlook.columns(found))


def test_after_the_end_the_last_phrase_goes_on() -> None:
    clock = ahead(FORM, 700).clock
    assert clock is not None
    assert clock.is_last
    assert clock.share == 1
    assert all(0 <= column < WIDTH for column in outlook.columns(ahead(FORM, 700)))


def test_every_length_has_columns_of_its_own_place_and_none_collide() -> None:
    seen = set()
    for ticks in (-1, 0, 6, 24, 48, 96, 192, 1000):
        found = outlook.columns(Outlook(clock=Clock(0, ticks, 24, 0.5, False, Cadence.HALF)))
        assert len(found) == len(set(found))
        assert max(found) < HOME
        seen.add(tuple(found))
    assert len(seen) == 8


def test_nothing_known_sets_nothing() -> None:
    assert outlook.columns(NOWHERE) == []


def test_a_given_note_is_seen_as_held_or_struck() -> None:
    struck, held = (outlook.columns(Outlook(given=Given(60, on))) for on in (False, True))
    assert struck[0] == held[0] == GIVEN + 60 - LOWEST
    assert struck[1] != held[1]


def test_a_melody_suggests_the_key_that_it_is_in_and_the_one_it_goes_to() -> None:
    melody = Melody()
    for pitch in (60, 64, 67, 72, 71, 67, 65, 64, 62, 60) * 3:
        melody.push(pitch, TICKS)
    assert melody.keys(60)[0] == Key(0)
    for pitch in (62, 66, 69, 74, 73, 74, 69, 66, 64, 62):
        melody.push(pitch, TICKS)
    home, recent = melody.keys(62)
    assert recent == Key(2)
    assert home != recent
    assert melody.outlook(62, held=False).given == Given(62, held=False)
