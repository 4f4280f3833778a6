"""Rendering stops after the bars it was asked for, and says what it lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.errors import OutputError, UsageError
from bachd.music.metre import Grid, Metre
from bachd.music.piece import Origin, Step
from bachd.service import render
from bachd.service.render import until
from tests.fakes import ScriptedComposer, steps


def seed(line: str) -> list[Step]:
    return [replace(step, origin=Origin.SEED) for step in steps(line)]


def rendered(bars: int, *script: Step) -> list[str]:
    return [str(step.event) for step in until(bars, ScriptedComposer(*script))]  # type: ignore[arg-type]


def test_the_seed_comes_first_and_does_not_count() -> None:
    assert rendered(1, *seed("C4:4 D4:4"), *steps("E4:2 F4:2 G4:2")) == ["C4:4", "D4:4", "E4:2", "F4:2"]


def test_the_last_event_is_cut_at_the_bar_line() -> None:
    assert rendered(2, *seed("C4:4"), *steps("~C4:3 E4:6")) == ["C4:4", "~C4:3", "E4:5"]


def test_bars_are_counted_in_the_metre_of_their_piece() -> None:
    waltz = Grid(((0, Metre(3, 4)),))
    assert rendered(3, *seed("C4:4"), *steps("D4:4"), *steps("E4:3 F4:3 G4:3", waltz)) == [
        "C4:4",
        "D4:4",
        "E4:3",
        "F4:3",
    ]


def test_the_seeds_of_later_pieces_count() -> None:
    assert rendered(2, *seed("C4:4"), *steps("D4:4"), *seed("E4:4 F4:4")) == ["C4:4", "D4:4", "E4:4"]


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"out\.mp3: renders to \.mid or \.wav only"):
        render.render(Config(), tmp_path / "out.mp3", 4, 1)


def test_a_wav_without_fluidsynth_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputError, match="sudo apt install fluidsynth"):
        render.render(Config(), tmp_path / "out.wav", 4, 1)


def test_a_wav_without_a_soundfont_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fluidsynth = tmp_path / "fluidsynth"
    fluidsynth.write_text("#!/bin/sh\n")
    fluidsynth.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(render, "SOUNDFONTS", (str(tmp_path),))
    with pytest.raises(OutputError, match="sudo apt install fluid-soundfont-gm"):
        render.render(Config(), tmp_path / "out.wav", 4, 1)
