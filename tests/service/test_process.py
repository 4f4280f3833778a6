"""The whole process as it is run: real bundle, real clock, real signals, a .mid as its output."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import termios
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

import bachd
from tests import lines
from tests.neural.bundle.test_trial_run import CRASHING, copy_of, mutate

RUN = (sys.executable, "-m", "bachd", "run")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a config.yaml that plays fast and into a file."""
    monkeypatch.setenv("PYTHONPATH", str(Path(bachd.__file__).parents[1]))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # it hides a standard stream that cannot be flushed at exit
    settings = "tempo: 240\nseed: {piece: bwv269, rng: 5}\nmidi: {output: 'file:out.mid'}\nweb: null\n"
    (tmp_path / "config.yaml").write_text(settings)
    return tmp_path


@contextmanager
def running(folder: Path, *options: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """A run of bachd, its log to be read from stderr; killed if it is left running."""
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams}
    with subprocess.Popen([*RUN, *options], cwd=folder, text=True, **streams) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(text: bytes, terminal: int, process: subprocess.Popen[str]) -> bytes:
    """What the process shows up to some text."""
    shown = b""
    while text not in shown:
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 4096)
        elif process.poll() is not None:
            raise AssertionError(process.communicate()[1])
    return shown


def notes(folder: Path) -> list[mido.Message]:
    """The notes of the recording, each of which must have ended."""
    found = [message for message in mido.MidiFile(folder / "out.mid") if message.type in ("note_on", "note_off")]
    sounding: set[tuple[int, int]] = set()
    for message in found:
        key = (message.channel, message.note)
        (sounding.add if message.type == "note_on" else sounding.remove)(key)
    assert found
    assert not sounding
    return found


def strikes(folder: Path) -> list[tuple[int, int]]:
    """When the notes of the recording begin, in 24ths of a quarter note at 240 bpm, and which they are."""
    moment, found = 0.0, []
    for message in mido.MidiFile(folder / "out.mid"):
        moment += message.time
        if message.type == "note_on":
            found.append((round(moment * 240 / 60 * 24), message.note))
    return sorted(found)


def test_a_number_of_events(folder: Path) -> None:
    with running(folder, "--events", "9") as process:
        _, log = process.communicate()
    assert process.returncode == 0
    busy = " late; the music waited for it"  # which this machine may be
    said = [line for line in log.splitlines() if not line.endswith(busy)]
    assert said == ["playing bwv269 at 240 bpm on out.mid (rng 5)", "stopped after 9 events, written to out.mid"]
    assert notes(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_the_music(folder: Path, number: signal.Signals) -> None:
    with running(folder) as process:
        lines.until(process.stderr, "playing bwv269")
        process.send_signal(number)
        _, log = process.communicate()
    assert process.returncode == 0
    assert any(line.startswith("stopped after ") for line in log.splitlines())
    assert not (folder / "out.mid").exists() or notes(folder)  # what has not sounded yet never does


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal: what shows it, and what is shown in it."""
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(theirs)
        os.close(ours)


def test_a_terminal_shows_the_music_and_is_given_back(folder: Path) -> None:
    with terminal() as (ours, theirs):
        termios.tcsetwinsize(theirs, (24, 80))
        before = termios.tcgetattr(theirs)
        with running(folder, stdin=theirs, stdout=theirs) as process:
            picture = read_until(b"the seed", ours, process)
            process.send_signal(signal.SIGINT)
            picture += read_until(b"\x1b[?1049l", ours, process)
            process.communicate()
        assert process.returncode == 0
        assert termios.tcgetattr(theirs) == before
    assert picture.rindex(b"\x1b[?25h") > picture.rindex(b"\x1b[?25l")
    assert notes(folder)


def test_a_terminal_that_is_closed_ends_the_music(folder: Path) -> None:
    process, ours = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(sys.executable, RUN)
    picture = b""
    try:
        while b"the seed" not in picture:
            picture += os.read(ours, 4096)
    finally:
        os.close(ours)  # which ends the process
        _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert notes(folder)


def test_rendering_writes_the_same_notes(folder: Path) -> None:
    with (folder / "config.yaml").open("a") as file:
        file.write("sampling: {lookahead: 2}\n")  # 'auto' depends on how fast the machine is
    with running(folder, "--events", "40") as process:
        process.communicate()
    notes(folder)
    played = strikes(folder)
    subprocess.run([sys.executable, "-m", "bachd", "render", "out.mid", "--bars", "8"], cwd=folder, check=True)
    notes(folder)
    rendered = strikes(folder)
    shared = min(len(played), len(rendered)) - 8  # where either ends, all that sounds is released
    assert shared > 60
    assert rendered[:shared] == played[:shared]


@pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="needs fluidsynth and a soundfont")
def test_a_wav_sounds_as_the_score_says(folder: Path) -> None:
    for out in ("out.mid", "out.wav"):
        command = [sys.executable, "-m", "bachd", "render", out, "--bars", "1", "--program", "1"]
        subprocess.run(command, cwd=folder, check=True)
    chord = {message.note for message in notes(folder)[:4]}
    with wave.open(str(folder / "out.wav")) as sound:
        rate, width = sound.getframerate(), sound.getnchannels()
        beginning = np.frombuffer(sound.readframes(rate // 4), np.int16)[::width]  # a quarter note at 240 bpm
    loudness = np.abs(np.fft.rfft(beginning * np.hanning(len(beginning)), 4 * rate))

    def level(note: int) -> float:
        cycles = 440.0 * 2.0 ** ((note - 69) / 12)
        return float(loudness[round(3.9 * cycles) : round(4.1 * cycles)].max())

    overtones = {note + interval for note in chord for interval in (12, 19, 24, 28, 31, 34, 36)}
    others = [level(note) for note in range(40, 85) if not {note - 1, note, note + 1} & (chord | overtones)]
    assert min(map(level, chord)) > 3 * max(others)


def test_a_bundle_that_crashes_the_runtime_stops_neither_the_music_nor_the_next_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(folder))  # as a service has it
    mine = copy_of(folder)
    mutate(mine, "trunk.tflite", *CRASHING)
    good = (folder / "config.yaml").read_text()
    refused = f"model: the graphs of {mine} crash the runtime"
    with running(folder) as process:
        lines.until(process.stderr, "playing bwv269")
        while not (folder / "config.last.json").exists():
            assert process.poll() is None
            select.select([], [], [], 0.05)
        (folder / "config.yaml").write_text(f"{good}model: {mine}\n")
        lines.until(process.stderr, f"config refused, the music goes on as it was: {refused}")
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 0
    with running(folder, "--events", "9") as process:
        _, log = process.communicate()
    assert process.returncode == 0
    said = log.splitlines()
    assert any(line.startswith(refused) and line.endswith("; playing model chorales, as before") for line in said)
    assert any(line.startswith("playing bwv269 at 240 bpm") for line in said)
    assert notes(folder)
