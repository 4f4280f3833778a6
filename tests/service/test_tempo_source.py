"""Who is followed: what comes in from another thread is told to the conductor where he lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bachd.config import ClockOut, Config, Midi
from bachd.realtime.input import Receive
from bachd.realtime.transport import Transport
from bachd.service.tempo_source import conductor, open_lead


class Nobody:
    description = "nobody"

    def poll(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None: ...


def test_a_steady_tempo_follows_nobody() -> None:
    assert open_lead(Config(), lambda *_: None) is None
    steady = conductor(Config(tempo=96.0), None)
    assert isinstance(steady, Transport)
    assert steady.bpm == 96.0


def test_what_is_heard_is_told_by_way_of_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    hears: list[Receive] = []
    calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
    asked: list[str] = []

    def open_input(spec: str, hear: Receive) -> Nobody:
        asked.append(spec)
        hears.append(hear)
        return Nobody()

    monkeypatch.setattr("bachd.midi.clock_input.open_input", open_input)
    config = Config(tempo="clock", midi=Midi(input="Drum", clock=ClockOut()))
    lead = open_lead(config, lambda take, *heard: calls.append((take, heard)))
    assert lead is not None
    assert asked == ["Drum"]
    assert conductor(config, lead) is lead.conductor
    assert lead.condition(10.0) == "waiting for a MIDI clock (nobody)"
    for status in (0xFA, 0xF8):
        hears[0](10.0, bytes([status]), "Drum Machine")
    assert not lead.conductor.stirred.is_set()
    for take, heard in calls:
        take(*heard)
    assert lead.conductor.stirred.is_set()
    assert lead.condition(10.0) == ""
