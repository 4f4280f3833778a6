"""Turn a .mid into sound while it is being sent: fluidsynth writes into a pipe, and waits when the client does.

Law: neither memory nor disk grows with the length of the music. The length of the .wav is known before the first byte
is sent, and kept to. The first minute is played twice, the first time to know its peak; if the music becomes louder,
its few loudest samples are rounded off below full scale.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np

from bachd.errors import BachdError, OutputError
from bachd.midi.speaker import fluidsynth
from bachd.neural.bundle.bundle import folder
from bachd.neural.bundle.card import read_card

FADING: Final = 3.0
"""Seconds that the last notes are given to fade away."""
_FRAME: Final = 4
"""Bytes: two channels of 16 bits."""
_CHUNK: Final = 1 << 16
_PROBED: Final = 60 * fluidsynth.RATE * _FRAME
"""Bytes of sound of which the peak is measured: whoever downloads hours is not to wait for them."""
_HEADROOM: Final = 2
"""How much louder music may become than that, before FluidSynth itself clips it."""
_KNEE, _CEILING = 32767 * fluidsynth.TARGET, 32767 * 10 ** (-1.1 / 20)
_HEAD: Final = 44


def length(seconds: float) -> int:
    """Bytes of the .wav of so much music."""
    return _HEAD + math.ceil((seconds + FADING) * fluidsynth.RATE) * _FRAME


def program_of(model: str) -> int | None:
    """Return the General MIDI program that fits a bundle, 0 to 127; None if its card cannot be read any more."""
    with suppress(BachdError):
        return read_card(folder(model)).program
    return None


async def play(midi: Path, size: int) -> AsyncGenerator[bytes, None]:
    """Yield the .wav of a .mid, of `size` bytes. Raises OutputError, before the first of them, if there can be none."""
    program, font = fluidsynth.find()
    peak = fluidsynth.Peak()
    async with _sound(fluidsynth.probe(program, font, midi)) as probing:
        left = _PROBED
        while left > 0 and (chunk := await probing.read(_CHUNK)):
            peak.see(chunk)
            left -= len(chunk)
    gain, limiter = peak.gain / _HEADROOM, Limiter()
    async with _sound(fluidsynth.command(program, font, midi, gain, "-T", "raw", "-F", "-")) as sound:
        chunk = limiter.limit(await sound.read(_CHUNK))
        if not chunk:
            raise OutputError("fluidsynth failed; for the reason, run 'bachd render x.wav'")
        left = size - _HEAD
        yield _header(left)
        while left and chunk:
            yield chunk[:left]
            left -= min(left, len(chunk))
            chunk = limiter.limit(await sound.read(_CHUNK))
        while left:
            yield bytes(min(left, _CHUNK))
            left -= min(left, _CHUNK)


class Limiter:
    """Takes sound to its level; what is louder than `_KNEE` then approaches `_CEILING`, and never exceeds it."""

    def __init__(self) -> None:
        self._rest = b""

    def limit(self, data: bytes) -> bytes:
        """Return samples of 16 bits `_HEADROOM` times as loud; they may be cut anywhere."""
        data = self._rest + data
        whole = len(data) & ~1
        self._rest = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2") * float(_HEADROOM)
        level = np.abs(samples)
        if len(level) and level.max() > _KNEE:
            room = _CEILING - _KNEE
            rounded = np.sign(samples) * (_KNEE + room * np.tanh((level - _KNEE) / room))
            samples = np.where(level > _KNEE, rounded, samples)
        return samples.astype("<i2").tobytes()


@asynccontextmanager
async def _sound(command: Sequence[str | Path]) -> AsyncGenerator[asyncio.StreamReader, None]:
    """Run a command; yields its stdout, which it waits for. It is ended when the caller has had enough of that."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_CHUNK,
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        while await process.stdout.read(_CHUNK):
            pass  # asyncio takes a process to have ended only when all that it wrote has been read
        await process.wait()


def _header(size: int) -> bytes:
    """Return what stands before so many bytes of sound (RIFF WAVE, PCM)."""
    rate = fluidsynth.RATE
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, rate, rate * _FRAME, _FRAME, 8 * _FRAME // 2)
    return b"RIFF" + struct.pack("<I", _HEAD - 8 + size) + b"WAVE" + form + b"data" + struct.pack("<I", size)
