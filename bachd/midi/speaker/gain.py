"""Say how loud FluidSynth is to play, so that its sound is as loud as other recordings and never clips."""

from __future__ import annotations

from typing import Final

FULL: Final = 1.0
"""FluidSynth's gain."""
