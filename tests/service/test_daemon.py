"""A run, whatever ends it: everything is played or released, then closed, and said in the log."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bachd.config import Config, Expression
from bachd.config_midi import Midi
from bachd.errors import ModelError, OutputError
from bachd.midi.fan_out import FanOut
from bachd.midi.file.output import FileOutput
from bachd.realtime import priority
from bachd.realtime.clock import Clock
from bachd.realtime.lateness import Lateness
from bachd.service import daemon
from bachd.service.run import housekeeping
from tests.fakes import RecordingOutput, ScriptedComposer, steps
from tests.service.conftest import CHORDS, QUICK, Stage

SOME = CHORDS * 4
"""More than is handed over before the first of it sounds."""


def test_a_number_of_events_is_played_to_the_end(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert daemon.run(replace(QUICK, expression=Expression(humanise_ms=0)), events=3) == 0
    assert stage.output.log == [
        "0 on G4",
        "0 on E4",
        "0 on C3",
        "0.0333 off G4",
        "0.0333 off E4",
        "0.0333 on F4",
        "0.0667 off C3",
        "0.0667 off F4",
    ]
    assert stage.ends_in_silence()
    assert any(line.startswith("playing a piece at 300 bpm on a recording (rng ") for line in caplog.messages)
    assert caplog.messages[-1] == "stopped after 3 events"


def test_a_number_of_seconds_ends_a_run_that_would_go_on(stage: Stage) -> None:
    assert daemon.run(QUICK, seconds=0.05) == 0
    assert stage.ends_in_silence()


def test_a_number_of_seconds_ends_a_run_that_waits_for_a_clock(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Silence:
        description = "a port"

        def poll(self) -> tuple[str, ...]:
            return ()

        def close(self) -> None: ...

    monkeypatch.setattr("bachd.midi.inputs.open_input", lambda *_: Silence())
    with caplog.at_level(logging.INFO):
        assert daemon.run(replace(QUICK, tempo="clock"), seconds=0.05) == 0
    assert caplog.messages[-1] == "stopped after 0 events"
    assert not stage.output.messages


def test_where_the_music_was_written_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.mid"
    monkeypatch.setattr("bachd.midi.ports.open_outputs", lambda *_, **__: FanOut([FileOutput(path)]))
    with caplog.at_level(logging.INFO):
        daemon.run(QUICK, events=3)
    assert caplog.messages[-1] == f"stopped after 3 events, written to {path}"


def test_what_was_probably_not_meant_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    daemon.run(replace(QUICK, midi=Midi(channels=(1, 10))), events=1)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.partition(":")[0] for line in told] == ["midi.channels"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_with_every_note_released(stage: Stage, number: signal.Signals) -> None:
    stage.script = [*SOME, lambda: os.kill(os.getpid(), number), *steps("D4:400")]
    assert daemon.run(QUICK) == 0
    assert stage.ends_in_silence()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is nothing to ask for")
def test_what_plays_comes_first_as_long_as_it_plays_and_where_it_may(stage: Stage) -> None:
    policies: list[int] = []
    stage.script = [*CHORDS, lambda: policies.append(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK), *CHORDS]
    with ThreadPoolExecutor(1) as thread:
        allowed = thread.submit(priority.come_first).result()
    daemon.run(QUICK, events=4)
    assert policies == [os.SCHED_FIFO if allowed else os.SCHED_OTHER]
    assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER


def test_signals_are_the_systems_again_after_a_run(stage: Stage) -> None:
    before = [signal.getsignal(number) for number in daemon.SIGNALS]
    daemon.run(QUICK, events=1)
    assert [signal.getsignal(number) for number in daemon.SIGNALS] == before


def test_a_fault_of_the_model_is_raised_after_the_release(stage: Stage) -> None:
    stage.script = [*SOME, ModelError("the graph failed")]
    with pytest.raises(ModelError, match="the graph failed"):
        daemon.run(QUICK)
    assert stage.ends_in_silence()


def test_a_model_that_cannot_be_loaded_closes_the_output(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(config: Config, rng: int) -> ScriptedComposer:
        raise ModelError("no such bundle")

    monkeypatch.setattr("bachd.service.factory.open_composer", fail)
    with pytest.raises(ModelError, match="no such bundle"):
        daemon.run(QUICK)
    assert stage.output.closed
    assert not stage.output.messages


def test_an_output_that_cannot_be_opened_ends_the_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(specs: Sequence[str], clock: Clock, lateness: Lateness, **_: object) -> FanOut:
        raise OutputError(f"no port {specs[0]}")

    monkeypatch.setattr("bachd.midi.ports.open_outputs", fail)
    with pytest.raises(OutputError, match="no port FP-30X"):
        daemon.run(Config(midi=Midi(output=("FP-30X",))))


def test_what_happens_to_the_output_and_how_late_it_is_are_told(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def poll() -> Sequence[str]:
        stage.lateness.record(0.002)
        os.kill(os.getpid(), signal.SIGTERM)
        return ["the synth is gone"]

    monkeypatch.setattr(RecordingOutput, "poll", lambda _: poll())
    monkeypatch.setattr(housekeeping, "TENDING", 0.02)
    monkeypatch.setattr(housekeeping, "REPORTING", 1)
    with caplog.at_level(logging.INFO):
        daemon.run(QUICK)
    assert "the synth is gone" in caplog.messages
    assert any(line.startswith("lateness of 1 messages: p50 2.0") for line in caplog.messages)


def test_a_new_piece_is_told(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.script = [*CHORDS, *steps("C4:1/6", piece="the next")]
    with caplog.at_level(logging.INFO):
        daemon.run(QUICK, events=4)
    assert "now the next" in caplog.messages


def test_nothing_is_planned_before_the_first_event_is_handed_over_and_then_all_there_is_room_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []

    def extend(_: ScriptedComposer) -> bool:
        handed.append(len(stage.output.messages))
        if len(handed) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return True

    monkeypatch.setattr(ScriptedComposer, "extend", extend)
    stage.script = steps("C4:4")
    daemon.run(QUICK)
    assert handed[0] > 0
