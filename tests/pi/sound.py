"""Find in captured sound, as it comes, where short notes begin, and where a note that never ends is missing.

Law: what is kept does not grow with the sound, but with what is found in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.pi.loudspeaker import RATE

_SHARE = 0.2
"""Of the loudest sample so far: a note begins with the first one above it."""
_LOUD = 1000
"""Of 32767: louder than the note that never ends, softer than the others."""
_APART = round(0.08 * RATE)
_GAP = round(0.002 * RATE)
"""Samples of nothing at all, more than there are between two waves of any note."""


class Sound:
    """One channel of 16 bits."""

    def __init__(self) -> None:
        self.begins: list[int] = []
        """The samples with which notes begin."""
        self.gaps: list[int] = []
        """How many samples of nothing there were between two sounds."""
        self._peak, self._seen = _LOUD, 0
        self._loud = -_APART - 1
        self._sounded: int | None = None

    def feed(self, samples: Any) -> None:
        """Take in the next samples."""
        level = np.abs(samples.astype(int))
        self._peak = max(self._peak, int(level.max()))
        loud = np.flatnonzero(level > max(_LOUD, _SHARE * self._peak)) + self._seen
        self.begins += loud[np.diff(loud, prepend=self._loud) > _APART].tolist()
        sounding = np.flatnonzero(level) + self._seen
        if len(sounding):
            before = sounding[0] if self._sounded is None else self._sounded
            silences = np.diff(sounding, prepend=before) - 1
            self.gaps += silences[silences > _GAP].tolist()
            self._sounded = int(sounding[-1])
        if len(loud):
            self._loud = int(loud[-1])
        self._seen += len(level)
