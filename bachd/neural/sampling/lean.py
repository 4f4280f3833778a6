"""Shift the odds of what a piece has had too seldom or too often so far, measured by its seed piece.

Law: a lean shifts the odds and rules nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bachd.music.form.character import LENGTHS as KINDS
from bachd.music.form.character import REACH, Drift
from bachd.neural.features import END, HOLD, LENGTHS, LOWEST, PITCHES, START, FloatArray

STRENGTH: Final = 0.5
"""Share of a deviation, as a difference of logits, that is worked against."""
_BINS: Final = np.searchsorted(KINDS, LENGTHS, side="right") - 1
_CLASSES: Final = (np.arange(PITCHES) + LOWEST) % 12
_KINDS_OF_STEPS: Final = np.clip(np.arange(1 - PITCHES, PITCHES), -REACH, REACH) + REACH
"""By the semitones from any pitch of the layout to any other: the kind of step."""


class Lean:
    """What is added to the logits of an event."""

    def __init__(self, drift: Drift, strength: float) -> None:
        """strength: 0 is not at all, 1 is all of STRENGTH."""
        strength *= STRENGTH
        self._lengths = np.asarray(strength * np.array(drift.lengths)[_BINS], np.float32)
        self._classes = np.asarray(strength * np.array(drift.classes)[_CLASSES], np.float32)
        self._steps = np.asarray(strength * np.array(drift.steps)[_KINDS_OF_STEPS], np.float32)
        self._ends = [strength * end for end in drift.ends]
        self._starts = [strength * start for start in drift.starts]
        self.voices = drift.voices
        """Notes that the next events are to have at least."""

    def shift_symbols(self, symbols: FloatArray, chosen: Sequence[int], sounded: tuple[int, ...]) -> None:
        """Shift the odds of what may be spelled after some symbols, after an event in which `sounded` was heard."""
        starting = symbols[START:HOLD]
        starting += self._classes
        started = sum(symbol < HOLD for symbol in chosen)
        if started < len(self._starts):
            starting += self._starts[started]
        if not chosen and sounded:
            first = PITCHES - 1 - (sounded[-1] - LOWEST)
            starting += self._steps[first : first + PITCHES]
        if len(chosen) < len(self._ends):
            symbols[END] += self._ends[len(chosen)]

    def shift_lengths(self, lengths: FloatArray) -> None:
        """Shift the odds of lengths."""
        lengths += self._lengths
