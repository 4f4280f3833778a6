"""Bind FluidSynth's library, as far as bachd needs it: a synth, and a driver that asks for its sound.

Law: the library is called only in a child process, whose end it may cause. What it would print is kept, for our errors.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from bachd.errors import OutputError
from bachd.midi.speaker.soundfont import INSTALL

BLOCK: Final = 64
"""Frames that FluidSynth computes at once (FLUID_BUFSIZE): a note begins with one of them."""
MASTER_VOLUME: Final = b"\xf0\x7f\x7f\x04\x01"
"""What a Master Volume message begins with (MIDI 1.0, Universal Real Time System Exclusive)."""
NAMES: Final = ("libfluidsynth.so.3", "libfluidsynth.so.2", "libfluidsynth.3.dylib")
_FAILED: Final = -1
_WORST: Final = 2
"""FLUID_WARN: levels up to here are panic, error and warning."""
_Log: Final = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_Floats: Final = ctypes.POINTER(ctypes.c_void_p)
Render: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, _Floats, ctypes.c_int, _Floats
)
"""What a driver calls for sound: with nothing, frames, effects, their buffers, channels, their buffers. Returns 0."""
_PROGRAM: Final = 0xC0
_DRUMS, _DRUM_BANK = 9, 128
_said: deque[tuple[int, str]] = deque(maxlen=100)
"""The levels and texts of FluidSynth's messages."""
_KEEP: Final = _Log(lambda level, text, _: _said.append((level, text.decode(errors="replace").strip())))


class Synth:
    """A FluidSynth with one soundfont."""

    def __init__(self, settings: Mapping[str, str | int | float], font: Path, gain: float) -> None:
        """Load a soundfont; sounds of its own are loaded when a program is chosen.

        gain: FluidSynth's, at full volume. Raises OutputError if there is no library, or the soundfont cannot be read.
        """
        self._gain = gain
        self.fluid = library()
        self._settings = _pointer(self.fluid.new_fluid_settings())
        for name, value in settings.items():
            self._set(name, value)
        self._synth = _pointer(self.fluid.new_fluid_synth(self._settings))
        self._font = self.fluid.fluid_synth_sfload(self._synth, str(font).encode(), 0)
        if self._font == _FAILED:
            raise OutputError(f"{font}: FluidSynth cannot read this soundfont ({complaint()}); install it again")

    def _set(self, name: str, value: str | int | float) -> None:
        if isinstance(value, str):
            self.fluid.fluid_settings_setstr(self._settings, name.encode(), value.encode())
        elif isinstance(value, int):
            self.fluid.fluid_settings_setint(self._settings, name.encode(), value)
        else:
            self.fluid.fluid_settings_setnum(self._settings, name.encode(), ctypes.c_double(value))

    def start(self, render: Any) -> bool:
        """Open the audio driver, which calls `render`, a `Render`, from a thread of its own; False if it cannot be."""
        self._render = render
        self._driver = _pointer(self.fluid.new_fluid_audio_driver2(self._settings, render, None))
        return self._driver is not None

    def stop(self) -> None:
        """Close the audio driver."""
        self.fluid.delete_fluid_audio_driver(self._driver)

    def write(self, frames: int, left: Any, right: Any, offset: int) -> None:
        """Write so many frames of sound into two buffers of floats, from `offset` on."""
        self.fluid.fluid_synth_write_float(self._synth, frames, left, offset, 1, right, offset, 1)

    @property
    def voices(self) -> int:
        """How many voices sound."""
        return int(self.fluid.fluid_synth_get_active_voice_count(self._synth))

    def prepare(self, data: bytes) -> None:
        """Load the sounds of a program that is about to be chosen, so that this takes no time then."""
        if data[0] & 0xF0 == _PROGRAM:
            bank = _DRUM_BANK if data[0] & 0x0F == _DRUMS else 0
            self.fluid.fluid_synth_pin_preset(self._synth, self._font, bank, data[1])

    def play(self, data: bytes) -> None:
        """Carry out a MIDI message; one that means nothing here is ignored."""
        fluid, synth, channel = self.fluid, self._synth, data[0] & 0x0F
        match data[0] & 0xF0:
            case 0x90 if data[2]:
                fluid.fluid_synth_noteon(synth, channel, data[1], data[2])
            case 0x80 | 0x90:
                fluid.fluid_synth_noteoff(synth, channel, data[1])
            case 0xB0:
                fluid.fluid_synth_cc(synth, channel, data[1], data[2])
            case 0xC0:
                fluid.fluid_synth_program_change(synth, channel, data[1])
            case 0xD0:
                fluid.fluid_synth_channel_pressure(synth, channel, data[1])
            case 0xE0:
                fluid.fluid_synth_pitch_bend(synth, channel, data[1] | data[2] << 7)
            case _:
                if data.startswith(MASTER_VOLUME):
                    share = (data[5] | data[6] << 7) / 16383
                    fluid.fluid_synth_set_gain(synth, ctypes.c_float(self._gain * share**2))


@cache
def library() -> Any:
    """Load the library. Raises OutputError without one."""
    fluid = next(filter(None, map(_loaded, NAMES)), None)
    if fluid is None:
        raise OutputError(f"FluidSynth is not installed: {INSTALL} (macOS: brew install fluid-synth)")
    for name in ("new_fluid_settings", "new_fluid_synth", "new_fluid_audio_driver2"):
        getattr(fluid, name).restype = ctypes.c_void_p
    fluid.delete_fluid_audio_driver.restype = None
    fluid.fluid_set_log_function.restype = ctypes.c_void_p
    for level in range(5):
        fluid.fluid_set_log_function(level, _KEEP, None)
    return fluid


def _loaded(name: str) -> Any:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _pointer(address: int | None) -> Any:
    return None if address is None else ctypes.c_void_p(address)


def complaint() -> str:
    """Return the first error, or else the first warning, of what FluidSynth has said since `forget`."""
    serious = sorted((level, number, text) for number, (level, text) in enumerate(_said) if level <= _WORST)
    return serious[0][2] if serious else "no reason given"


def forget() -> None:
    """Forget what FluidSynth has said."""
    _said.clear()


def card_rate() -> int | None:
    """Return the sample rate of the card, if FluidSynth has said that it differs from what was asked for."""
    for _, text in _said:
        if "sample rate" in text.lower() and (numbers := re.findall(r"\b[1-9][0-9]{3,5}\b", text)):
            return int(numbers[-1])
    return None
