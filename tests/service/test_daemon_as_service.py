"""A run that a service manager watches, and one that waits for a clock."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.realtime.input import Receive
from bachd.service import daemon
from tests.fakes import steps
from tests.service.conftest import QUICK, Stage, heard, once

BAR = steps("C4 D4 E4 F4")


class Nobody:
    """A clock's input at which nothing comes in unless a test says it."""

    description = "nobody"

    def __init__(self) -> None:
        self.hears: list[Receive] = []
        self.closed = 0

    def open(self, specs: Sequence[str], hear: Receive, *_: object) -> Nobody:
        self.hears.append(hear)
        return self

    def poll(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.closed += 1

    def say(self, *statuses: int) -> None:
        for status in statuses:
            self.hears[-1](time.monotonic(), bytes([status]), "a master")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nobody]:
    nobody = Nobody()
    monkeypatch.setattr("bachd.midi.inputs.open_input", nobody.open)
    monkeypatch.setattr("bachd.realtime.clock_out._IDLE_POLL", 0.01)
    yield nobody
    assert nobody.closed == len(nobody.hears)


@pytest.mark.usefixtures("nobody")
def test_a_service_that_waits_for_a_clock_is_ready_alive_and_says_what_it_waits_for(
    stage: Stage, manager: socket.socket, stop_when: Callable[..., None]
) -> None:
    stop_when("waiting for a MIDI clock")
    daemon.run(Config(tempo="clock"))
    told = heard(manager)
    assert "READY=1\nSTATUS=nothing yet at 120 bpm on a recording; waiting for a MIDI clock (nobody)" in told
    assert "WATCHDOG=1" in told
    assert not stage.output.messages


@pytest.mark.usefixtures("nobody")
def test_whoever_waits_for_a_clock_can_be_given_a_tempo(
    stage: Stage, tmp_path: Path, when: Callable[..., None], stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: clock")
    stage.script = BAR
    when(lambda: path.write_text("tempo: 300"), "waiting for a MIDI clock", "waiting for a MIDI clock")
    stop_when("in use from this bar on: tempo of ", "now a piece")
    assert daemon.run(Config(tempo="clock"), path=path) == 0
    assert stage.ends_in_silence()


def test_a_run_is_given_a_clock_to_follow_and_follows_it(
    stage: Stage, nobody: Nobody, tmp_path: Path, when: Callable[..., None], stop_when: Callable[..., None]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("tempo: 300")
    stage.script = [*BAR, once(lambda: path.write_text("tempo: clock"))]
    in_use = "in use from this bar on: tempo of "
    when(lambda: nobody.say(0xFA, 0xF8), in_use)
    stop_when(in_use, "the MIDI clock is lost: playing on without it", "now a piece")
    assert daemon.run(QUICK, path=path) == 0
    assert stage.ends_in_silence()


def test_a_service_is_ready_with_its_first_event_and_alive_with_each(stage: Stage, manager: socket.socket) -> None:
    daemon.run(QUICK, events=3)
    told = [line for line in heard(manager) if not line.startswith("STATUS")]
    assert told == [
        "WATCHDOG=1",
        "READY=1\nSTATUS=a piece at 300 bpm on a recording",
        "WATCHDOG=1",
        "WATCHDOG=1",
        "STOPPING=1",
    ]
