"""What follows a phrase: as long as asked for, and then silence."""

from __future__ import annotations

from typing import Any

import pytest

from bachd.config import Config
from bachd.music.event import parse_line
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Piece, Step
from bachd.service.factory import open_composer
from bachd.service.person import answer as answers
from bachd.service.person.answer import Answer, open_answer

PHRASE = Piece("you", parse_line("G4 A4 B4 C5 D5 B4 G4:2"), Grid())
CONFIG = Config()
MODEL = open_composer(CONFIG, 1).model


def steps(ticks: int | None, count: int, config: Config = CONFIG) -> tuple[Answer, list[Step]]:
    answer = open_answer(config, MODEL, PHRASE, ticks, 1, lambda: True)
    return answer, [answer.next() for _ in range(count)]


@pytest.mark.parametrize("ticks", [96, 150, 400])
def test_an_answer_lasts_as_long_as_it_is_asked_to(ticks: int) -> None:
    answer, found = steps(ticks, 80)
    music = [step for step in found if step.origin is Origin.MODEL]
    assert sum(step.event.ticks for step in music) == ticks
    rests = found[len(music) :]
    assert all(step.origin is Origin.BREATH and not step.event.sounding for step in rests)
    assert all(step.reaches_bar for step in rests)  # who looks for the next bar finds one
    assert not answer.extend()
    assert answer.ahead == ()


def test_it_begins_where_the_phrase_has_ended_in_all_voices() -> None:
    _, found = steps(None, 30)
    assert found[0].place.bar == 2
    assert all(step.origin is Origin.MODEL for step in found[:8])
    assert max(len(step.event.sounding) for step in found) >= 4


def test_the_same_phrase_and_rng_give_the_same_answer() -> None:
    assert steps(200, 20)[1] == steps(200, 20)[1]


@pytest.mark.parametrize(("times", "count"), [(0, 1), (3, 4), (99, 8)])
def test_as_many_answers_are_composed_to_choose_from_as_there_is_time_for(
    monkeypatch: pytest.MonkeyPatch, times: int, count: int
) -> None:
    composed, left = [], [True] * times
    compose = answers._compose

    def counted(*given: Any) -> Any:
        composed.append(given)
        return compose(*given)

    monkeypatch.setattr(answers, "_compose", counted)
    open_answer(CONFIG, MODEL, PHRASE, 96, 1, lambda: bool(left) and left.pop())
    assert len(composed) == count
