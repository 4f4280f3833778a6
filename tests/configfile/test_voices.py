"""The settings of the voices, from the file to what the player is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from bachd import configfile
from bachd.errors import ConfigError


def levels(text: str) -> tuple[float, ...]:
    return configfile.parse(text, Path("config.yaml")).voices.mix((1,)).levels


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("", (1, 1, 1, 1)),
        ("voices: null", (1, 1, 1, 1)),
        ("voices: {bass: {mute: true}, alto: {volume: 50}}", (1, 0.5, 1, 0)),
        ("voices: {bass: {solo: true}, alto: {solo: true, volume: 0}}", (0, 0, 0, 1)),
        ("voices:\n  tenor:\n    solo: true\n    mute: true\n", (0, 0, 0, 0)),
    ],
)
def test_solo_silences_the_others_and_mute_wins(text: str, heard: tuple[float, ...]) -> None:
    assert levels(text) == heard


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("voices: {bas: {mute: true}}", "voices.bas: no such key; did you mean 'bass'?"),
        ("voices: {bass: {volume: 151}}", "voices.bass.volume: 151 is not between 0 and 150"),
        ("voices: {bass: {program: 0}}", "voices.bass.program: 0 is not between 1 and 128"),
        ("voices: {bass: {mute: maybe}}", "voices.bass.mute: 'maybe' is neither true nor false"),
        ("voices: {bass: mute}", "voices.bass: 'mute' is not a mapping"),
    ],
)
def test_what_is_wrong_with_a_voice_is_said_with_its_key(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as refused:
        levels(text)
    assert fault in str(refused.value)


def test_a_controller_steers_a_voice() -> None:
    text = "midi:\n  controls:\n    cc 21: voices.bass.volume 0 to 100\n    note C2: voices.bass.mute\n"
    fader, toggle = configfile.parse(text, Path("config.yaml")).midi.controls
    assert (fader.target, fader.value(0.5)) == ("voices.bass.volume", 50)
    assert (toggle.target, toggle.values) == ("voices.bass.mute", (False, True))
