"""The same music through a port, into a file, and out of a synth."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import mido
import numpy as np
import pytest

from bachd.midi.file import FileOutput
from bachd.midi.rtmidi import RtMidiOutput
from bachd.music.event import Event
from bachd.music.metre import Grid
from bachd.music.piece import Origin, Step
from bachd.realtime.clock import Clock, MonotonicClock, OfflineClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from tests.conftest import Synth
from tests.fakes import scripted, steps

SOUNDFONTS = sorted(Path("/usr/share/sounds/sf2").glob("*.sf2"))


def play(music: Sequence[Step], output: Output, clock: Clock, bpm: float) -> None:
    """Play on four channels, to the end."""
    try:
        asyncio.run(Player(output, Transport(bpm), clock, channels=(1, 2, 3, 4)).perform(scripted(music)))
    finally:
        output.close()


def in_file(path: Path) -> list[str]:
    """The messages of a .mid, in order, as a synth writes them down."""
    return [message.hex("").lower() for message in mido.MidiFile(path).tracks[0] if not message.is_meta]


def four_voices(events: int) -> list[Step]:
    """Chords of four notes, some of which are held over; none means anything."""
    rng, sounding, tick, found = Random(7), set[int](), 0, []
    for index in range(events):
        held = {note for note in sounding if rng.random() < 0.4}
        starts = {rng.randrange(36, 84) for _ in range(4 - len(held))} - held
        event = Event(tuple(sorted(starts)), tuple(sorted(held)), rng.choice((6, 12, 12, 24)))
        found.append(Step(event, Grid().place(tick), Origin.MODEL, "four voices", opens=index == 0))
        sounding, tick = starts | held, tick + event.ticks
    return found


def test_a_synth_hears_exactly_what_a_file_holds(tmp_path: Path, plug_synth: Callable[..., Synth]) -> None:
    music = four_voices(2000)
    play(music, FileOutput(tmp_path / "a.mid"), OfflineClock(), 84)
    output = RtMidiOutput("jack", None, MonotonicClock(), Lateness())
    synth = plug_synth("synth", "bachd:bachd")
    play(music, output, MonotonicClock(), 15_000)  # in five seconds; the messages are the same at any tempo
    heard = synth.unplug()
    assert heard == in_file(tmp_path / "a.mid")
    assert len(heard) > 8000


def test_fluidsynth_plays_the_pitches(tmp_path: Path) -> None:
    fluidsynth = shutil.which("fluidsynth")
    if fluidsynth is None or not SOUNDFONTS:
        pytest.skip("fluidsynth or its soundfont is not installed: apt install fluidsynth fluid-soundfont-gm")
    play(steps("A4:2 R:2 E5:2"), FileOutput(tmp_path / "a.mid"), OfflineClock(), 60)
    wav = tmp_path / "a.wav"
    command: list[str | Path] = [
        fluidsynth,
        "-ni",
        "-q",
        "-r",
        "22050",
        "-T",
        "wav",
        "-O",
        "s16",
        "-F",
        wav,
        SOUNDFONTS[0],
    ]
    subprocess.run([*command, tmp_path / "a.mid"], check=True, capture_output=True)
    with wave.open(str(wav)) as sound:
        rate = sound.getframerate()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").reshape(-1, 2).mean(axis=1)
    assert pitch_of(samples[: 2 * rate], rate) == pytest.approx(440, rel=0.01)
    assert pitch_of(samples[4 * rate : 6 * rate], rate) == pytest.approx(659.3, rel=0.01)
    loudness = [float(np.abs(samples[start * rate : (start + 1) * rate]).mean()) for start in (0, 3, 4)]
    assert min(loudness[0], loudness[2]) > 10 * loudness[1] + 10


def pitch_of(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))
