"""Describe the habits of a repertoire: lengths of pieces and phrases, closes of phrases, returns of music.

Law: habits are a value; what a corpus does not say has a default that fits most music.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Cadence(Enum):
    """Kind of close of a phrase."""

    AUTHENTIC = "authentic"
    """From the dominant to the tonic of its key."""
    HALF = "half"
    """On the dominant of its key."""
    FINAL = "final"
    """Authentic, at home, with the tonic on top; the piece ends with it."""


@dataclass(frozen=True, slots=True)
class Close:
    """A way in which phrases of a repertoire close, and how often they do."""

    third: int
    """Third of the piece in which they stand, 0 to 2."""
    semitones: int
    """Of the tonic of its key above the home tonic, 0 to 11."""
    minor: bool
    """Whether its key is minor."""
    cadence: Cadence
    count: int


def _usual_closes(minor: bool) -> tuple[Close, ...]:
    """Default closes: home, the dominant and the relative key."""
    near = ((0, True, 6), (3, False, 3), (7, True, 2)) if minor else ((0, False, 6), (7, False, 3), (9, True, 2))
    authentic = [Close(third, up, mode, Cadence.AUTHENTIC, count) for third in range(3) for up, mode, count in near]
    return (*authentic, *(Close(third, 0, minor, Cadence.HALF, 2) for third in range(3)))


@dataclass(frozen=True, slots=True)
class Habits:
    """Statistics of a repertoire's form, as counts; a bundle's card holds those of the music it was trained on."""

    bars: tuple[int, ...] = (16, 20, 24, 28, 32)
    """Lengths of whole pieces in bars, each as often as it occurs, or quantiles."""
    phrases: Mapping[str, Mapping[float, int]] = field(default_factory=dict)
    """By metre: how often a phrase has so many quarters. Without an entry, a phrase has four bars."""
    breathes: bool = True
    """Whether the chord at the end of a phrase is held until the next begins, as in a chorale."""
    long_ends: float = 0.5
    """Share of the inner phrase ends that are held, in music that flows."""
    closes: Mapping[str, Sequence[Close]] = field(
        default_factory=lambda: {"major": _usual_closes(minor=False), "minor": _usual_closes(minor=True)}
    )
    """How phrases close but for the last, in pieces in 'major' and in 'minor'."""
    returns: float = 0.3
    """Share of the phrases that take up an earlier one."""
    sequences: float = 0.3
    """Share of the phrases in which a figure is repeated on other steps."""
    picardy: float = 0.3
    """Share of the pieces in minor that end with a major chord."""
    imitations: float = 0.0
    """Share of the phrases in which one outer line takes up what the other has just played."""
