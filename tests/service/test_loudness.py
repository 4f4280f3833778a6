"""How loud a .wav is: of `bachd render`, and of the page."""

from __future__ import annotations

import asyncio
import math
import shutil
import wave
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from bachd.config import Config
from bachd.config_midi import Midi
from bachd.midi.speaker import soundfont
from bachd.service import render
from bachd.service.web.server.music_files import wav

pytestmark = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not soundfont.installed(), reason="needs fluidsynth and a soundfont"
)


def peak(path: Path) -> float:
    """In dBFS."""
    with wave.open(str(path)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    return 20 * math.log10(max(max(samples), -min(samples)) / 32768)


@pytest.mark.parametrize(("model", "program"), [("chorales", None), ("cello", None), ("keyboard", 0)])
def test_a_rendered_wav_is_as_loud_as_others(tmp_path: Path, model: str, program: int | None) -> None:
    config = replace(Config(model=model), midi=Midi(program=program))
    render.render(config, tmp_path / "a.wav", 4, 1)
    assert -3 < peak(tmp_path / "a.wav") < -1


def test_the_pages_wav_is_as_loud_as_others(tmp_path: Path) -> None:
    render.render(Config(), tmp_path / "a.mid", 4, 1)
    size = wav.length(30)

    async def play() -> bytes:
        return b"".join([chunk async for chunk in wav.play(tmp_path / "a.mid", size)])

    (tmp_path / "a.wav").write_bytes(asyncio.run(play()))
    assert -3 < peak(tmp_path / "a.wav") < -1


def test_what_is_louder_later_is_rounded_off() -> None:
    quiet, loud = 10000, 15000  # at half of what is heard
    limiter = wav.Limiter()
    data = array("h", [quiet, -quiet, loud, -loud, 16383]).tobytes()
    whole = b"".join(limiter.limit(data[cut : cut + 3]) for cut in range(0, len(data), 3))
    heard = array("h", whole)
    assert list(heard[:2]) == [2 * quiet, -2 * quiet]
    assert 32767 * 10 ** (-2 / 20) < heard[2] < heard[4] < 32767 * 10 ** (-1 / 20)
    assert heard[3] == -heard[2]


def test_a_wav_has_the_sound_of_its_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "play", lambda _synth, _font, score, out: out.write_bytes(score.read_bytes()))
    render.render(Config(model="cello"), tmp_path / "a.wav", 1, 1)
    assert b"\xc0\x2a" in (tmp_path / "a.wav").read_bytes()
