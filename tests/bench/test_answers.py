"""Somebody with the token is answered while the page is attacked, and it is told when that takes too long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from bachd.service.web.messages import Step
from bench import answers
from bench.answers import Answers, attacking, measure
from bench.attacks import ATTACKS, fill
from bench.browser.page import BPM
from tests.service.web.conftest import Running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A run whose page asks for the token."""
    running = Running(tmp_path_factory.mktemp("run"), web="token: required")
    running.start()
    try:
        while answers.ask(running.port, running.token) != 200:
            pass  # in the first second nothing is known yet
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_can_be_carried_out_and_the_page_answers(guarded: Running, attack: str) -> None:
    (page,) = guarded.pages()
    with attacking(ATTACKS[attack], guarded.port, guarded.folder / "state", guarded.token):
        found = measure(guarded.port, guarded.token, page, 0.5)
    assert found.refused == 0
    assert found.seconds
    assert 20 < found.memory <= answers.LARGEST


@pytest.mark.parametrize(
    ("found", "good"),
    [
        (Answers([0.1, 0.9], 0, 119.0), True),
        (Answers([0.1, 1.1], 0, 60.0), False),
        (Answers([0.1], 1, 60.0), False),
        (Answers([0.1], 0, 121.0), False),
    ],
)
def test_what_is_too_slow_refused_or_too_large_is_not_good(found: Answers, good: bool) -> None:
    assert found.good == good


def test_a_row_has_milliseconds_of_the_answers_and_of_the_notes_of_that_time() -> None:
    tick = 60.0 / (BPM * 24)
    notes = [5.0, 10.0, 10.0 + 6 * tick, 10.0 + 12 * tick + 0.002, 20.0]
    answered = Answers([0.001, 0.002, 0.003], 2, 60.4, span=(9.0, 11.0))
    assert answered.row("x", notes) == "| x | 3 | 2 / 3 / 3 | 2 | 60 | 3 | 0.000 / 2.000 / 2.000 |"


def test_a_recording_that_is_filled_is_one_of_steps(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    step = json.loads((tmp_path / "played").read_text().partition("\n")[0])
    assert set(step) == set(get_type_hints(Step))
