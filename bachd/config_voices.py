"""Define the settings of the voices: which are heard, how loud, and with which sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bachd.realtime.note_tracker import VoiceMix
from bachd.yamlfile import kinds
from bachd.yamlfile.keys import section, setting

LOUDEST: Final = 150
"""Per cent."""
_DRUMS: Final = 10
"""The channel of drums in General MIDI."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice."""

    mute: bool = setting(False, kinds.switch(), "Whether the voice is silent: true or false.")
    solo: bool = setting(
        False, kinds.switch(), "Whether only this voice is heard, and others that are solo: true or false."
    )
    volume: int = setting(
        100, kinds.whole(0, LOUDEST), "Its velocity in per cent of what it would be: {limits}. 0 is silent."
    )
    # 0 to 127, as on the wire.
    program: int | None = setting(
        None,
        kinds.whole(1, 128, zero=1),
        """Its own program, as General MIDI numbers them: {limits}. The voice then has a channel of its own, the next
        that is not among midi.channels. null is the program of midi.program.""",
    )


@dataclass(frozen=True, slots=True)
class Voices:
    """The four voices, from the top. Where fewer sound, the lowest of several is the bass."""

    soprano: Voice = section(Voice())
    alto: Voice = section(Voice())
    tenor: Voice = section(Voice())
    bass: Voice = section(Voice())

    @property
    def each(self) -> tuple[Voice, Voice, Voice, Voice]:
        """All of them, from the top."""
        return self.soprano, self.alto, self.tenor, self.bass

    def mix(self, channels: Sequence[int]) -> VoiceMix:
        """Return how the voices sound. channels: of all of them, 1 to 16."""
        solo = any(voice.solo for voice in self.each)
        levels = tuple(0.0 if voice.mute or (solo and not voice.solo) else voice.volume / 100 for voice in self.each)
        return VoiceMix(levels, self._own_channels(channels))

    def _own_channels(self, channels: Sequence[int]) -> tuple[int | None, ...]:
        """By voice, the channel of its own sound, 1 to 16; None where it has none, or no channel is left."""
        free = (channel for channel in range(1, 17) if channel not in channels and channel != _DRUMS)
        return tuple(None if voice.program is None else next(free, None) for voice in self.each)
