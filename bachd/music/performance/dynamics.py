"""Compute velocities: the metre's accents, a gentle arch over each phrase, and a louder top voice.

Law: loudness follows from the event and its place alone, in whole numbers, so the same music always sounds the same.
"""

from __future__ import annotations

from typing import Final

from bachd.music.event import Event
from bachd.music.metre import Place

EVEN: Final = 80
"""MIDI velocity of every note where nothing shapes it."""
SOFTEST: Final = 64
"""MIDI velocity of an inner voice off the beat at either end of a phrase."""
PHRASE: Final = 4
"""Bars in a phrase."""
SWELL: Final = 10
"""How much louder the middle of a phrase is than its ends."""
TOP: Final = 6
"""How much louder the top voice is than the others."""

DOWNBEAT: Final = 8
HALF_BAR: Final = 5
"""The third of four beats."""
BEAT: Final = 3


def level(place: Place) -> int:
    """Velocity of a note that starts at `place` in any voice but the top one."""
    return SOFTEST + _accent(place) + _swell(place)


def velocities(event: Event, place: Place) -> dict[int, int]:
    """Velocity (1 to 127) of each note that starts in `event`, by MIDI number; `place` is where it starts."""
    base = level(place)
    return {pitch: base + (TOP if pitch == event.sounding[-1] else 0) for pitch in event.starts}


def _accent(place: Place) -> int:
    metre = place.metre
    if place.phase == 0:
        return DOWNBEAT
    if place.phase % metre.beat:
        return 0
    return HALF_BAR if metre.bar == 4 * metre.beat == 2 * place.phase else BEAT


def _swell(place: Place) -> int:
    """A parabola over the phrase: 0 at its ends, SWELL in its middle."""
    length = PHRASE * place.metre.bar
    passed = place.bar % PHRASE * place.metre.bar + place.phase
    return 4 * SWELL * passed * (length - passed) // length**2
