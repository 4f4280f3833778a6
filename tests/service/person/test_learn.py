"""What is shown of a controller is what config.yaml understands."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd import configfile
from bachd.commands import cli
from bachd.config import Config
from bachd.errors import OutputError
from bachd.service.person.learn import Learner, learn
from tests.service.person.cable import Cable


def shown(*messages: str) -> list[str]:
    lines: list[str] = []
    learner = Learner(lines.append)
    for message in messages:
        learner.take(0.0, bytes.fromhex(message), "a keyboard")
    return lines


def test_each_thing_is_shown_once_until_something_else_comes() -> None:
    assert shown("b01540", "b01541", "b11541", "902440", "802440", "902440", "c004", "e00040", "f8") == [
        "cc 21 on channel 1 (at 64) from a keyboard    ->    cc 21: tempo 60 to 120",
        "cc 21 on channel 2 (at 65) from a keyboard    ->    cc 21: tempo 60 to 120",
        "note C2 on channel 1 (velocity 64) from a keyboard    ->    note C2: re-roll",
        "program 5 on channel 1 (chosen) from a keyboard    ->    program 5: next piece",
        "bend on channel 1 (at 0) from a keyboard    ->    bend: transpose -12 to 12",
    ]


def test_the_lines_can_be_pasted(tmp_path: Path) -> None:
    lines = [line.partition("->")[2].strip() for line in shown("b01540", "b0407f", "902440", "c004", "e00040")]
    path = tmp_path / "config.yaml"
    path.write_text("midi:\n  controls:\n" + "".join(f"    {line}\n" for line in lines))
    assert len(configfile.load(path).midi.controls) == 5


def test_what_comes_in_is_shown_and_what_is_lost_too(monkeypatch: pytest.MonkeyPatch) -> None:
    cable, lines = Cable(), list[str]()
    monkeypatch.setattr("bachd.midi.inputs.open_input", cable.open)
    monkeypatch.setattr(cable, "poll", lambda: ("JACK is back",))
    monkeypatch.setattr("bachd.service.person.learn._LOOK", 0.01)

    def write(line: str) -> None:
        lines.append(line)
        if len(lines) == 2:
            cable.play("b0407f")

    learn(Config(), write, 0.1)
    assert lines[0].startswith("listening to a cable")
    assert lines[2].startswith("pedal on channel 1 (at 127)")
    assert lines[3] == "JACK is back"
    assert cable.closed


def test_without_midi_that_is_the_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise OutputError("midi.input: notes cannot come in: ALSA: no; JACK: no")

    monkeypatch.setattr("bachd.midi.inputs.open_input", fail)
    assert cli.main(["learn", "--seconds", "1"]) == 69
    assert "midi.input: notes cannot come in" in capsys.readouterr().err
