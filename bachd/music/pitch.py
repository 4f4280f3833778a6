"""Convert note names to MIDI numbers and back: 'F#2' <-> 42, middle C is 'C4' = 60.

Law: names print with sharps, as the article's tokens do; flats are read, too ('Bb3', 'B-3').
"""

from __future__ import annotations

import re
from typing import Final

LOWEST: Final = 0
HIGHEST: Final = 127

_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_PATTERN: Final = re.compile(r"([A-Ga-g])(#{1,2}|b{1,2}|[\u266f\u266d]|-(?!1$))?(-?[0-9]{1,2})")
_ALTER: Final = {None: 0, "#": 1, "##": 2, "b": -1, "bb": -2, "-": -1, "\u266f": 1, "\u266d": -1}


def name(number: int) -> str:
    """Name of a MIDI number (0-127): 42 -> 'F#2'. Raises ValueError outside that range."""
    if not LOWEST <= number <= HIGHEST:
        raise ValueError(f"{number} is not a MIDI note number (0 to 127)")
    return f"{_NAMES[number % 12]}{number // 12 - 1}"


def number(text: str) -> int:
    """MIDI number (0-127) of a name: 'F#2' -> 42, 'Bb3' -> 58. Raises ValueError for anything else.

    A flat is 'b', '-' or the sign; the octave may be -1: 'C-1' is C there, and 'B-1' B; B flat of octave 1 is 'Bb1'.
    """
    match = _PATTERN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a note name such as 'C4', 'F#2' or 'Bb3'")
    step, alter, octave = match.groups()
    result = (int(octave) + 1) * 12 + _STEPS[step.upper()] + _ALTER[alter]
    if not LOWEST <= result <= HIGHEST:
        raise ValueError(f"{text!r} is outside MIDI's range (C-1 to G9)")
    return result
