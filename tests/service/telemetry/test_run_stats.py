"""What a run says of itself."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import Mock

import pytest

from bachd.config import Config
from bachd.midi.fan_out import FanOut
from bachd.midi.pending_output import PendingOutput
from bachd.realtime.lateness import Lateness
from bachd.service.parts import Parts
from bachd.service.person_source import PersonSource
from bachd.service.telemetry.run_stats import RunStats
from tests.fakes import ScriptedComposer
from tests.service.person.cable import Cable


def parts(monkeypatch: pytest.MonkeyPatch, together: str) -> Parts:
    monkeypatch.setattr("bachd.midi.inputs.open_input", Cable().open)
    config = Config(together=together)
    return Parts(config, 0, ScriptedComposer(), FanOut(()), person=PersonSource(config, lambda *_: None))  # type: ignore[arg-type]


def test_it_says_whom_it_plays_with(monkeypatch: pytest.MonkeyPatch) -> None:
    line = RunStats(Lateness()).line(parts(monkeypatch, "harmonise"))
    assert line == "nothing yet at 84 bpm on no output; together: harmonise, with a cable"
    found = parts(monkeypatch, "harmonise")
    assert found.person is not None
    found.person.bpm = 71.6
    assert RunStats(Lateness()).line(found).endswith("together: harmonise, with a cable, at 72 bpm")
    assert RunStats(Lateness()).line(parts(monkeypatch, "none")) == "nothing yet at 84 bpm on no output"


def test_it_knows_what_is_wrong_at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    stats, found = RunStats(Lateness()), parts(monkeypatch, "none")
    assert stats.in_force(found) == []
    stats.refused = "config.yaml:1: tempo: 1200 is not between 20 and 300"
    waiting = replace(found, outputs=FanOut((PendingOutput("FP-30X", Mock()),)))
    assert stats.in_force(waiting) == [f"config refused: {stats.refused}", "output: waiting for FP-30X"]
