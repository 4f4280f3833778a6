"""Opening what a run plays with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bachd.errors import OutputError
from bachd.service import daemon
from tests.service.conftest import QUICK, Stage


def test_the_outputs_are_closed_if_the_tempo_source_cannot_be_opened(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutputError("no MIDI system")

    monkeypatch.setattr("bachd.midi.inputs.open_input", fail)
    with pytest.raises(OutputError, match="no MIDI system"):
        daemon.run(replace(QUICK, tempo="clock"))
    assert stage.output.closed
    assert not stage.output.messages
