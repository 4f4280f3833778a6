"""Steps as the feed and the recording have them: what was sent to the output, and nothing else."""

from __future__ import annotations

from random import Random

import pytest

from bachd.music.message import note_off, note_on
from bachd.music.notation.live import LiveNotation
from bachd.music.performance.dynamics import EVEN, velocities
from bachd.music.performance.expression import Expression
from bachd.realtime.output import TimedMessage
from bachd.service.web import step_json
from tests.fakes import steps
from tests.service.web.played import played


def test_a_step_has_all_that_a_picture_needs() -> None:
    step = steps("C3.E4.G4 ~C3.F4:0.5")[1]
    assert played("C3.E4.G4 ~C3.F4:0.5", start=7)[1] == {
        "n": 8,
        "tick": 24,
        "due": pytest.approx(0.5, abs=0.2),
        "ticks": 12,
        "starts": [[65, velocities(step.event, step.place)[65], 1]],
        "held": [48],
        "text": "~C3.F4:0.5",
        "notes": [(48, "C3", 3), (65, "F4", 0)],
        "key": "C major",
        "bar": 1,
        "phase": 24,
        "metre": [4, 4],
        "origin": "model",
        "piece": "a piece",
        "opens": False,
        "bpm": 120.0,
    }


def test_the_velocities_are_those_that_were_played() -> None:
    even = played("C3.E4 D3.F4", expression=Expression(Random(1), shaped=False))
    assert {start[1] for step in even for start in step["starts"]} == {EVEN}
    by_chance = Expression(Random(1), humanise=0.03)
    shaped, humanised = played("C3.E4 D3.F4 " * 20), played("C3.E4 D3.F4 " * 20, expression=by_chance)
    assert [step["starts"] for step in humanised] != [step["starts"] for step in shaped]


def test_what_is_planned_has_no_velocities_yet() -> None:
    (step,) = steps("C3.E4")
    assert step_json.planned(step, LiveNotation().played(step), 0, 0, 0.0, 120.0)["starts"] == [48, 64]


def test_what_is_held_but_has_to_be_struck_anew_starts() -> None:
    """As after a halt: the first step begins in the middle of a held note."""
    (step,) = played("~C3.F4")
    assert ([start[0] for start in step["starts"]], step["held"]) == ([48, 65], [])


def test_a_held_note_whose_voice_has_fallen_silent_is_held_no_longer() -> None:
    step = steps("C3.G4 ~C3.A4")[1]
    messages = [TimedMessage(0.0, 24.0, message) for message in (note_off(0, 48), note_off(0, 67), note_on(0, 69, 80))]
    sent = step_json.played(step, LiveNotation().played(step), 1, 24, 0.0, 120.0, messages)
    assert (sent["starts"], sent["held"]) == ([[69, 80, 1]], [])
    assert [note[0] for note in sent["notes"]] == [48, 69]
