"""Run the fluidsynth program over a .mid, and say how loud it is to play.

Law: the loudest sample of a .wav is `TARGET` below full scale, whatever the music, the soundfont and the program: the
music is played once to find its peak, and once more with the gain that takes the peak there. Memory does not grow.
"""

from __future__ import annotations

import shutil
import sys
from array import array
from pathlib import Path
from typing import Final

from bachd.errors import OutputError
from bachd.midi.speaker import soundfont

LIVE: Final = 1.4
"""FluidSynth's gain for music whose peak nobody knows: the loudest that was measured, chorales on the organ of
FluidR3_GM, peaks 1.5 dB below full scale with it."""
RATE: Final = 44100
TARGET: Final = 10 ** (-2 / 20)
"""The peak of a .wav, as a share of full scale: -2 dBFS."""
_PROBE: Final = 0.2
"""The gain at which the peak is measured: FluidSynth's own default, far from clipping."""
_MOST: Final = 10.0
"""FluidSynth's highest gain."""
_FULL: Final = 32767


def find(chosen: str | None = None) -> tuple[str, Path]:
    """Return the fluidsynth program and a soundfont. Raises OutputError that says how to get what is missing.

    chosen: the path of a soundfont; None takes the system's.
    """
    program = shutil.which("fluidsynth")
    if program is None:
        raise OutputError(
            "a .wav needs fluidsynth, which is not installed: sudo apt install fluidsynth fluid-soundfont-gm "
            "(macOS: brew install fluid-synth), or render a .mid"
        )
    return program, soundfont.find(chosen)


def command(synth: str, font: Path, midi: Path, gain: float, *options: str | Path) -> list[str | Path]:
    """Return the command that plays a .mid as fast as can be. options: where to, and in which form."""
    form = ["-r", str(RATE), "-O", "s16", "-E", "little", "-g", f"{gain:.5f}"]
    sparing = ["-o", "synth.dynamic-sample-loading=1"]  # or it loads the whole soundfont, which may have 150 MB
    return [synth, "-niq", *form, *sparing, *options, font, midi]


def probe(synth: str, font: Path, midi: Path) -> list[str | Path]:
    """Return the command whose stdout a `Peak` is to see."""
    return command(synth, font, midi, _PROBE, "-T", "raw", "-F", "-")


class Peak:
    """The loudest sample of what `probe` plays."""

    def __init__(self) -> None:
        self._peak = 0
        self._rest = b""

    def see(self, data: bytes) -> None:
        """Look at more samples, little-endian of 16 bits, cut anywhere."""
        data = self._rest + data
        whole = len(data) & ~1
        self._rest = data[whole:]
        samples = array("h", data[:whole])
        if sys.byteorder == "big":
            samples.byteswap()
        if samples:
            self._peak = max(self._peak, max(samples), -min(samples))

    @property
    def gain(self) -> float:
        """The gain at which this sample is at `TARGET`; silence stays silence."""
        return min(_MOST, _PROBE * TARGET * _FULL / self._peak) if self._peak else _PROBE
