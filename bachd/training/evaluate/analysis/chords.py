"""Identify the chords that sound in each quarter.

Law: a chord is a triad or a seventh chord only if nothing else sounds; a third may be missing its fifth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

TRIADS: Final = {"major": (0, 4, 7), "minor": (0, 3, 7), "diminished": (0, 3, 6), "augmented": (0, 4, 8)}
SEVENTHS: Final = {
    "dominant seventh": (0, 4, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "minor seventh": (0, 3, 7, 10),
    "half-diminished seventh": (0, 3, 6, 10),
    "diminished seventh": (0, 3, 6, 9),
}
_BARE: Final = {
    "major": (0, 4),
    "minor": (0, 3),
    "dominant seventh": (0, 4, 10),
    "major seventh": (0, 4, 11),
    "minor seventh": (0, 3, 10),
}
"""Chords without their fifth."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A triad or a seventh chord."""

    root: int
    """Pitch class."""
    quality: str
    bass: int
    """Pitch class of the lowest note."""
    complete: bool
    """Whether its fifth is there."""

    @property
    def is_triad(self) -> bool:
        """Whether it has no seventh."""
        return self.quality in TRIADS

    @property
    def is_consonant(self) -> bool:
        """Whether it is a major or minor triad."""
        return self.quality in ("major", "minor")

    @property
    def is_dominant(self) -> bool:
        """Whether it can be the dominant of the key a fifth below its root: a major third and no major seventh."""
        return self.quality in ("major", "dominant seventh")

    @property
    def in_root_position(self) -> bool:
        """Whether its root is in the bass."""
        return self.root == self.bass


def chord(pitches: Sequence[int]) -> Chord | None:
    """The chord of some pitches (ascending MIDI numbers); None unless it is a triad or a seventh chord."""
    return _chord(frozenset(pitch % 12 for pitch in pitches), pitches[0] % 12) if pitches else None


@cache
def _chord(classes: frozenset[int], bass: int) -> Chord | None:
    for shapes, complete in ((TRIADS | SEVENTHS, True), (_BARE, False)):
        for quality, shape in shapes.items():
            # The bass comes first: an augmented triad and a diminished seventh have as many roots as notes.
            for root in sorted(classes, key=lambda each: (each - bass) % 12):
                if classes == {(root + step) % 12 for step in shape}:
                    return Chord(root, quality, bass, complete)
    return None
