"""Find the key of some music, and convert pitches to its degrees.

Law: a key follows from how long each pitch class sounds, and from nothing else; degree and alteration determine the
pitch, and the pitch determines them.

The key is found by Krumhansl's method (Krumhansl 1990, "Cognitive Foundations of Musical Pitch"): the profile of
durations is correlated with a typical profile of each key, here those of Aarden 2003 for major and minor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from bachd.music.event import Event

Weights = Sequence[float]
"""How long each of the 12 pitch classes sounds, from C, in any unit."""

_MAJOR: Final = (17.77, 0.15, 14.93, 0.16, 19.80, 11.36, 0.29, 22.06, 0.15, 8.15, 0.23, 4.95)
_MINOR: Final = (18.26, 0.74, 14.05, 16.86, 0.70, 14.44, 0.70, 18.62, 4.57, 1.93, 7.38, 1.76)
# By semitones above the tonic: the degree, counted from 0, and its alteration in semitones.
_DEGREES_MAJOR: Final = (
    (0, 0),
    (0, 1),
    (1, 0),
    (2, -1),
    (2, 0),
    (3, 0),
    (3, 1),
    (4, 0),
    (5, -1),
    (5, 0),
    (6, -1),
    (6, 0),
)
_DEGREES_MINOR: Final = (
    (0, 0),
    (1, -1),
    (1, 0),
    (2, 0),
    (2, 1),
    (3, 0),
    (3, 1),
    (4, 0),
    (5, 0),
    (5, 1),
    (6, 0),
    (6, 1),
)
_SCALE_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_SCALE_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True)
class Key:
    """A major or minor key."""

    tonic: int
    """Pitch class, 0 to 11 from C."""
    minor: bool = False

    @property
    def triad(self) -> frozenset[int]:
        """Pitch classes of the tonic triad."""
        return frozenset((self.tonic + step) % 12 for step in ((0, 3, 7) if self.minor else (0, 4, 7)))

    @property
    def dominant(self) -> frozenset[int]:
        """Pitch classes of the dominant seventh chord."""
        return frozenset((self.tonic + step) % 12 for step in (7, 11, 2, 5))

    def profile(self) -> tuple[float, ...]:
        """Relative use of each pitch class in this key, from C; the most used has 1."""
        typical = _MINOR if self.minor else _MAJOR
        return tuple(typical[(pitch_class - self.tonic) % 12] / max(typical) for pitch_class in range(12))

    def degree(self, pitch: int) -> tuple[int, int]:
        """The step of the scale that `pitch` is, counted from the tonic below MIDI number 12, and its alteration."""
        octave, above = divmod(pitch - self.tonic, 12)
        degree, alteration = (_DEGREES_MINOR if self.minor else _DEGREES_MAJOR)[above]
        return 7 * octave + degree, alteration

    def pitch(self, step: int, alteration: int = 0) -> int:
        """The MIDI number of a step that `degree` gave."""
        octave, degree = divmod(step, 7)
        return self.tonic + 12 * octave + (_SCALE_MINOR if self.minor else _SCALE_MAJOR)[degree] + alteration

    def moved(self, semitones: int, *, minor: bool) -> Key:
        """The key whose tonic lies so many semitones higher."""
        return Key((self.tonic + semitones) % 12, minor)


ALL: Final = tuple(Key(tonic, minor) for minor in (False, True) for tonic in range(12))


def standard(values: Weights) -> list[float]:
    """Weights with the mean 0 and the length 1."""
    mean = sum(values) / 12
    spread = sqrt(sum((value - mean) ** 2 for value in values)) or 1.0
    return [(value - mean) / spread for value in values]


_PROFILES: Final = {key: standard(key.profile()) for key in ALL}


def weights(events: Iterable[Event]) -> list[float]:
    """Ticks for which each pitch class sounds in some events, counted for each voice that has it."""
    found = [0.0] * 12
    for event in events:
        for pitch in event.sounding:
            found[pitch % 12] += event.ticks
    return found


def correlation(found: Weights, key: Key) -> float:
    """Correlation of these weights with a key's profile: -1 to 1, 0 for silence."""
    profile = _PROFILES[key]
    return sum(value * typical for value, typical in zip(standard(found), profile, strict=True))


def estimate(found: Weights, among: Iterable[Key] = ALL) -> Key:
    """The likeliest key of the music with these weights; the first of them for silence."""
    values = standard(found)

    def fit(key: Key) -> float:
        return sum(value * typical for value, typical in zip(values, _PROFILES[key], strict=True))

    return max(among, key=fit)


def rivalry(found: Weights, key: Key) -> float:
    """By how much another key fits the music with these weights better than `key`; 0 if none does."""
    values = standard(found)
    fits = {
        each: sum(value * typical for value, typical in zip(values, profile, strict=True))
        for each, profile in _PROFILES.items()
    }
    return max(fits.values()) - fits[key]


def home(events: Sequence[Event]) -> Key:
    """The key of a whole piece: its last bass is the tonic if the piece is in that key at all, else the likeliest key.

    A piece that breaks off, or ends on a half cadence, has a last bass that says nothing; then the weights decide.
    """
    found = weights(events)
    last = next((event for event in reversed(events) if event.sounding), None)
    likeliest = estimate(found)
    if last is None:
        return likeliest
    tonic = last.sounding[0] % 12
    ending = estimate(found, (Key(tonic), Key(tonic, minor=True)))
    return ending if correlation(found, ending) > correlation(found, likeliest) - _DOUBT else likeliest


_DOUBT: Final = 0.45
"""By how much the correlation with the key of the last bass may fall short of the best; keys a fifth apart do."""
