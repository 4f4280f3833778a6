"""Who is followed: what comes in from another thread is told to the conductor where he lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bachd.config import Config
from bachd.config_midi import ClockOut, Midi
from bachd.realtime.input import Receive
from bachd.realtime.transport import Transport
from bachd.service.tempo_source import make_conductor, open_tempo_source


class Nobody:
    description = "nobody"

    def poll(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None: ...


def test_a_steady_tempo_follows_nobody() -> None:
    assert open_tempo_source(Config(), lambda *_: None) is None
    steady = make_conductor(Config(tempo=96.0), None)
    assert isinstance(steady, Transport)
    assert steady.bpm == 96.0


def test_what_is_heard_is_told_by_way_of_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    hears: list[Receive] = []
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
    asked: list[str] = []

    def open_input(specs: Sequence[str], hear: Receive, *_: object) -> Nobody:
        asked.extend(specs)
        hears.append(hear)
        return Nobody()

    monkeypatch.setattr("bachd.midi.inputs.open_input", open_input)
    config = Config(tempo="clock", midi=Midi(input=("Drum",), clock=ClockOut()))
    tempo_source = open_tempo_source(config, lambda take, *heard: calls.append((take, heard)))
    assert tempo_source is not None
    assert asked == ["Drum"]
    assert make_conductor(config, tempo_source) is tempo_source.conductor
    assert tempo_source.condition(10.0) == "waiting for a MIDI clock (nobody)"
    for status in (0xFA, 0xF8):
        hears[0](10.0, bytes([status]), "Drum Machine")
    assert not tempo_source.conductor.changed.is_set()
    for take, heard in calls:
        take(*heard)
    assert tempo_source.conductor.changed.is_set()
    assert tempo_source.condition(10.0) == ""
