"""The same music through a port, into a file, and out of a synth."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import mido
import numpy as np
import pytest

from bachd.config import Config, Expression, Sampling
from bachd.config_midi import Midi
from bachd.midi.file.output import FileOutput
from bachd.midi.jack.output import JackOutput
from bachd.music.piece import Step
from bachd.realtime.clock import Clock, MonotonicClock, OfflineClock
from bachd.realtime.lateness import Lateness
from bachd.realtime.output import Output
from bachd.realtime.player import Player
from bachd.realtime.transport import Transport
from bachd.service import render
from bachd.service.factory import open_composer
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
    return [message.hex("").lower() for message in mido.merge_tracks(mido.MidiFile(path).tracks) if not message.is_meta]


def by_key(messages: Iterable[str]) -> dict[str, list[str]]:
    """In the order of their moments; of messages at one moment no program cares which key's comes first."""
    found: dict[str, list[str]] = {}
    for message in messages:
        found.setdefault(message[1:4], []).append(message)
    return found


@pytest.mark.realtime
def test_a_synth_hears_exactly_what_render_writes(tmp_path: Path, plug_synth: Callable[..., Synth]) -> None:
    plain = Expression(humanise_ms=0.0, ritardando=0.0)
    config = Config(midi=Midi(channels=(1, 2, 3, 4)), expression=plain, sampling=Sampling(lookahead=1))
    render.render(config, tmp_path / "a.mid", bars=150, rng=7)
    music = list(render.until(150, open_composer(config, 7)))
    assert len(music) > 700
    written = by_key(in_file(tmp_path / "a.mid"))
    assert {key[0] for key in written} == set("0123")
    output = JackOutput(None, MonotonicClock(), Lateness())
    synth = plug_synth("synth", "bachd:bachd")
    play(music, output, MonotonicClock(), 15_000)  # in two seconds; the messages are the same at any tempo
    assert by_key(synth.unplug()) == written


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
