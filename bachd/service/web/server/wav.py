"""Turn a .mid into sound while it is being sent: fluidsynth writes into a pipe, and waits when the client does.

Law: neither memory nor disk grows with the length of the music. The length of the .wav is known before the first byte
is sent, and kept to.
"""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bachd.errors import OutputError
from bachd.service import render

RATE: Final = 44100
FADING: Final = 3.0
"""Seconds that the last notes are given to fade away."""
_FRAME: Final = 4
"""Bytes: two channels of 16 bits."""
_CHUNK: Final = 1 << 16
_HEAD: Final = 44


def length(seconds: float) -> int:
    """Bytes of the .wav of so much music."""
    return _HEAD + math.ceil((seconds + FADING) * RATE) * _FRAME


async def play(midi: Path, size: int) -> AsyncGenerator[bytes, None]:
    """Yield the .wav of a .mid, of `size` bytes. Raises OutputError, before the first of them, if there can be none."""
    program, font = render.find_synth()
    options = ["-niq", "-r", str(RATE), "-T", "raw", "-O", "s16", "-E", "little"]
    sparing = ["-o", "synth.dynamic-sample-loading=1"]  # or it loads the whole soundfont, which may have 150 MB
    process = await asyncio.create_subprocess_exec(
        program,
        *options,
        *sparing,
        "-F",
        "-",
        font,
        midi,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_CHUNK,
    )
    assert process.stdout is not None
    try:
        chunk = await process.stdout.read(_CHUNK)
        if not chunk:
            raise OutputError("fluidsynth failed; for the reason, run 'bachd render x.wav'")
        left = size - _HEAD
        yield _header(left)
        while left and chunk:
            yield chunk[:left]
            left -= min(left, len(chunk))
            chunk = await process.stdout.read(_CHUNK)
        while left:
            yield bytes(min(left, _CHUNK))
            left -= min(left, _CHUNK)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _header(size: int) -> bytes:
    """Return what stands before so many bytes of sound (RIFF WAVE, PCM)."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, RATE, RATE * _FRAME, _FRAME, 8 * _FRAME // 2)
    return b"RIFF" + struct.pack("<I", _HEAD - 8 + size) + b"WAVE" + form + b"data" + struct.pack("<I", size)
