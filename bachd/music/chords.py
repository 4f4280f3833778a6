"""Identify chords.

Law: a chord follows from its pitch classes alone; of several that fit, triads come before seventh chords.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

_TRIADS: Final = {"major": (0, 4, 7), "minor": (0, 3, 7), "diminished": (0, 3, 6)}
_SEVENTHS: Final = {
    "dominant seventh": (0, 4, 7, 10),
    "minor seventh": (0, 3, 7, 10),
    "major seventh": (0, 4, 7, 11),
    "half-diminished": (0, 3, 6, 10),
    "diminished seventh": (0, 3, 6, 9),
}
_FIFTH: Final = 7


class Chord(NamedTuple):
    """A chord by its root and kind."""

    root: int
    """Pitch class."""
    kind: str
    """'major', 'minor', 'diminished', or the name of a seventh chord."""

    @property
    def consonant(self) -> bool:
        """Whether it is a major or a minor triad."""
        return self.kind in ("major", "minor")

    @property
    def leads(self) -> bool:
        """Whether it can be a dominant: a major triad or a dominant seventh on its root."""
        return self.kind in ("major", "dominant seventh")


def identify(pitches: Iterable[int]) -> Chord | None:
    """The chord that some pitches make, fifths and single pitches taken for triads; None for anything else."""
    return _of(frozenset(pitch % 12 for pitch in pitches))


@lru_cache(maxsize=4096)
def _of(classes: frozenset[int]) -> Chord | None:
    if not classes:
        return None
    if len(classes) <= 2:
        return _part(classes)
    for shapes in (_TRIADS, _SEVENTHS):
        for kind, shape in shapes.items():
            for root in sorted(classes):
                if classes <= {(root + step) % 12 for step in shape}:
                    return Chord(root, kind)
    return None


def _part(classes: frozenset[int]) -> Chord | None:
    """Of one or two pitch classes: a single pitch, a fifth or a third over its root."""
    for root in sorted(classes):
        above = {(pitch_class - root) % 12 for pitch_class in classes} - {0}
        if above <= {_FIFTH} or above == {4}:
            return Chord(root, "major")
        if above == {3}:
            return Chord(root, "minor")
    return None
