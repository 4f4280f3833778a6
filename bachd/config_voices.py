"""Define the settings of the voices (which are heard, how loud, and with which sound) and of the loudspeaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bachd.midi.speaker.settings import SpeakerSettings
from bachd.realtime.note_tracker import VoiceMix
from bachd.yamlfile import kinds
from bachd.yamlfile.fields import Section
from bachd.yamlfile.keys import section, setting
from bachd.yamlfile.kinds import Kind

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
        kinds.program(zero=1),
        """Its own program, as General MIDI numbers or names them: {limits}. The voice then has a channel of its own,
        the next that is not among midi.channels. null is the program of midi.program.""",
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


def _path() -> Kind:
    """Return the path of a file, made absolute. Whether it is there is seen where it is opened."""

    def read(section: Section, name: str, default: Any) -> Any:
        given = section.text(name, default)
        return given and str(section.home / Path(given).expanduser())

    return Kind(read)


@dataclass(frozen=True, slots=True)
class Speaker:
    """The loudspeaker."""

    volume: float = setting(80.0, kinds.number(0, 100), "The volume in per cent: {limits}.")
    card: str | None = setting(
        None,
        kinds.text(),
        """The sound card: part of its name, such as Headphones, HDMI or USB, or a device of ALSA's, such as plughw:1.
        null is the sound server's, or the likeliest: on USB, then the headphone jack, then HDMI.""",
    )
    # An absolute path.
    soundfont: str | None = setting(
        None,
        _path(),
        """A General MIDI soundfont ('./mine.sf2', beside this file), for the loudspeaker and for `bachd render` to a
        .wav. null is the system's.""",
    )

    @property
    def settings(self) -> SpeakerSettings:
        """What the output is set to."""
        return SpeakerSettings(self.card, self.soundfont, self.volume)
