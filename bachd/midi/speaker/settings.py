"""Define what the loudspeaker is set to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SpeakerSettings:
    """The sound card, the soundfont, and how loud it is."""

    card: str | None = None
    """Part of a card's name, or an ALSA device; None is the likeliest."""
    soundfont: str | None = None
    """The path of a soundfont; None is the system's."""
    volume: float = 80.0
    """In per cent."""


USUAL: Final = SpeakerSettings()
