"""What ends hanging notes after a crash: a shell script that writes to raw MIDI devices; here they are files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bachd.midi.reset import reset
from bachd.neural import features

SCRIPT = Path(__file__).parents[2] / "systemd" / "silence"
BUFFER = 4096
"""Bytes that the kernel keeps for a raw MIDI device, unless somebody asks for more."""


def silence(*devices: Path) -> int:
    """Run the script; its exit code."""
    return subprocess.run([SCRIPT, *devices], check=False, stderr=subprocess.DEVNULL).returncode


def heard(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The messages of two data bytes that a synth hears; a status stands for all that follow until the next one."""
    rest = iter(data)
    for byte in rest:
        if byte >= 0x80:
            status = byte
        yield status, next(rest) if byte >= 0x80 else byte, next(rest)


def test_all_that_bachd_can_have_left_sounding_is_ended_on_each_device(tmp_path: Path) -> None:
    devices = [tmp_path / "midiC1D0", tmp_path / "midiC2D0"]
    for device in devices:
        device.touch()
    assert silence(*devices) == 0
    for device in devices:
        ends = {
            (0x80 | channel, note, 64) for channel in range(16) for note in range(features.LOWEST, features.HIGHEST + 1)
        }
        assert set(heard(device.read_bytes())) == ends | {tuple(message.bytes()) for message in reset()}
        assert device.stat().st_size <= BUFFER


def test_a_device_that_cannot_be_opened_is_told_and_keeps_none_of_the_others_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "midiC1D0")  # nobody reads it: an ordinary open would wait for ever
    (tmp_path / "midiC2D0").touch()
    assert silence(tmp_path / "midiC1D0", tmp_path / "midiC2D0") == 1
    assert (tmp_path / "midiC2D0").stat().st_size > 0


def test_where_there_is_no_device_nothing_was_silenced(tmp_path: Path) -> None:
    assert silence(tmp_path / "midi*") != 0
    assert not list(tmp_path.iterdir())
