"""Measure the loudspeaker by the sound that it makes: short notes of a wood block, which begin at once."""

from __future__ import annotations

from typing import Final

WOOD_BLOCK: Final = 115
PITCH, VELOCITY = 76, 100
