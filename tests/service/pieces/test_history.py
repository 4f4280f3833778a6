"""Which piece is heard, and how much of each is remembered."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic

import pytest

from bachd.music.piece import Origin, Step
from bachd.service.pieces.history import MOST, PlayedPieces
from bachd.service.pieces.played import Played
from tests.fakes import steps

FIRST, *REST = steps("C4 D4 E4")
OPENING = replace(FIRST, opens=True)


def played(pieces: PlayedPieces, *given: Step, due: float | None = None) -> None:
    """Give steps to the player, which sends them."""
    for step in given:
        pieces.add(step)
        pieces.on_sent(monotonic() if due is None else due)


def test_in_the_rest_after_a_piece_it_is_the_one_that_is_heard() -> None:
    pieces = PlayedPieces()
    assert pieces.number == 0
    played(pieces, OPENING, *REST)
    assert pieces.number == 1
    played(pieces, replace(REST[0], origin=Origin.BREATH))
    pieces.add(OPENING)
    assert (pieces.number, pieces.is_between) == (1, True)
    pieces.on_sent(monotonic() + 60)  # it sounds later
    assert (pieces.number, pieces.is_between) == (1, False)
    pieces.on_sent(monotonic())
    assert pieces.number == 2


def test_a_step_that_was_not_sent_is_no_part_of_a_piece() -> None:
    pieces = PlayedPieces()
    played(pieces, OPENING, REST[0])
    pieces.add(REST[1])
    (piece,) = pieces.all()
    assert (len(piece.steps), piece.whole) == (2, False)
    pieces.drop_unsent()
    assert len(pieces.newest) == 2


@pytest.mark.parametrize("opens", [True, False])
def test_music_of_which_nothing_was_sent_is_forgotten(opens: bool) -> None:
    """An answer to a person does not open a piece."""
    pieces = PlayedPieces()
    pieces.add(replace(OPENING, opens=opens))
    pieces.drop_unsent()
    assert (pieces.number, pieces.all()) == (0, [])
    pieces.add(OPENING)
    assert pieces.newest == [OPENING]


def test_who_waits_for_the_end_is_called_once_and_the_oldest_are_forgotten() -> None:
    pieces, called = PlayedPieces(), list[Played]()
    played(pieces, OPENING, REST[0])
    pieces.when_whole(1, called.append)
    assert called == []
    for _ in range(MOST):
        played(pieces, OPENING)
    assert [(each.number, len(each.steps), each.whole) for each in called] == [(1, 2, True)]
    assert len(pieces.all()) == MOST
    assert pieces.get(1) == ()
