"""Spell pitches: B flat or A sharp, as the keys around a note have it.

Law: a spelling keeps the pitch; the same pitches in the same key are spelled alike.

The method is the first stage of ps13 (Meredith 2006, "The ps13 Pitch Spelling Algorithm", Journal of New Music
Research 35 (2)). Every pitch class around a note is taken for a tonic, as often as it occurs there; each tonic has a
name for the note, that of its degree in a chromatic scale; and the name that most of them have is the note's. Names are
counted here on the line of fifths, whose middle is where the key of the piece is, where Meredith counts letters from
the first note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bachd.music.event import Event
from bachd.music.keys import ALL, Key

BEFORE: Final = 10
"""Notes before one that have a say in its name; Meredith's value."""
AFTER: Final = 42
"""Notes from this one on that have a say; Meredith's value."""

_DEGREES: Final = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
"""Fifths above the tonic of each semitone above it, in a chromatic scale of minor seconds and one augmented fourth."""
_FLATTEST: Final = 5
"""Fifths below the tonic of the piece of the flattest tonic that is considered; the sharpest is eleven above it."""
_LETTERS: Final = "FCGDAEB"
_NATURAL: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPEST: Final = {False: 6, True: 5}
"""Most sharps of a key signature, by whether the key is minor: F sharp major and E flat minor, as Bach has them."""
_NAMES: Final = range(-15, 20)
"""Places on the line of fifths that have a name: F double flat to B double sharp."""
_ACCIDENTALS: Final = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}

_SCALE_OF: Final = {(key.minor, key.tonic): [int(100 * weight) for weight in key.profile()] for key in ALL}
"""How often each pitch class is there in a key, by whether it is minor and by its tonic."""


@dataclass(frozen=True, slots=True, order=True)
class Spelled:
    """A pitch and its name."""

    pitch: int
    """MIDI number."""
    fifths: int
    """Fifths above C: G is 1, F is -1, B flat is -2."""

    @property
    def letter(self) -> str:
        """'A' to 'G'."""
        return _LETTERS[(self.fifths + 1) % 7]

    @property
    def alteration(self) -> int:
        """Semitones: 1 for a sharp, -1 for a flat."""
        return (self.fifths + 1) // 7

    @property
    def octave(self) -> int:
        """Of its letter: 4 begins with middle C, and B sharp just below that is in octave 3."""
        return (self.pitch - self.alteration - _NATURAL[self.letter]) // 12 - 1

    def __str__(self) -> str:
        return f"{self.letter}{_ACCIDENTALS[self.alteration]}{self.octave}"


def spelled(pitch: int, name: str) -> Spelled:
    """A pitch by the name that `str` gives it, such as 'Bb3'. Raises ValueError for another name."""
    accidental = name[1:].rstrip("-0123456789")
    alteration = next((number for number, sign in _ACCIDENTALS.items() if sign == accidental), None)
    if alteration is None or name[:1] not in _NATURAL:
        raise ValueError(f"{name!r} is not the name of a note, such as Bb3")
    return Spelled(pitch, _LETTERS.index(name[0]) - 1 + 7 * alteration)


def signature(key: Key) -> int:
    """Sharps in the signature of a key, -6 to 6; flats are less than 0."""
    sharps = (key.tonic * 7 - (3 if key.minor else 0)) % 12  # of the major key with the same signature
    return sharps if sharps <= _SHARPEST[key.minor] else sharps - 12


def tonic(key: Key) -> int:
    """The tonic's place on the line of fifths: 0 is C."""
    return signature(key) + (3 if key.minor else 0)


def key_name(key: Key) -> str:
    """Such as 'B flat major'."""
    name = Spelled(key.tonic, tonic(key))
    accidental = {-1: " flat", 0: "", 1: " sharp"}[name.alteration]
    return f"{name.letter}{accidental} {'minor' if key.minor else 'major'}"


def key_named(name: str) -> Key | None:
    """The key that `key_name` gave a name, if it did."""
    return next((key for key in ALL if key_name(key) == name), None)


def spell(
    pitches: Sequence[int], key: Key, *, before: int = BEFORE, after: int = AFTER, wanted: slice = slice(None)
) -> list[Spelled]:
    """Name pitches in the order in which they begin, those of a chord from low to high.

    pitches: MIDI numbers. key: of the piece. before, after: how many pitches have a say in a name, itself counted.
    wanted: which of the pitches to name.
    """
    names, counts = _tonics(key), [0] * 12
    for pitch in pitches[: after - 1]:
        counts[pitch % 12] += 1
    found = []
    first, end, _ = wanted.indices(len(pitches))
    for index, pitch in enumerate(pitches[:end]):
        if index + after - 1 < len(pitches):
            counts[pitches[index + after - 1] % 12] += 1
        if index > before:
            counts[pitches[index - before - 1] % 12] -= 1
        if index >= first:
            found.append(_name(pitch, counts, names))
    return found


def spell_events(events: Iterable[Event], key: Key) -> list[dict[int, Spelled]]:
    """The names of what sounds in each event, by MIDI number; a note that is held keeps its name."""
    row = list(events)
    names = iter(spell([pitch for event in row for pitch in event.starts], key))
    found: list[dict[int, Spelled]] = []
    alone = _tonics(key)
    for event in row:
        before = found[-1] if found else {}
        held = {pitch: before.get(pitch) or _name(pitch, [1] * 12, alone) for pitch in event.held}
        found.append(held | {pitch: next(names) for pitch in event.starts})
    return found


def in_key(event: Event, key: Key) -> str:
    """An event's text with names that the key alone gives."""
    tonics = _tonics(key)
    return event.text(lambda pitch: str(_name(pitch, _SCALE_OF[key.minor, key.tonic], tonics)))


def _tonics(key: Key) -> list[int]:
    """Where on the line of fifths each pitch class is as a tonic."""
    flattest = tonic(key) - _FLATTEST
    return [flattest + (pitch_class * 7 - flattest) % 12 for pitch_class in range(12)]


def _name(pitch: int, counts: Sequence[int], tonics: Sequence[int]) -> Spelled:
    strength: dict[int, int] = {}
    for pitch_class, count in enumerate(counts):
        if count:
            name = tonics[pitch_class] + _DEGREES[(pitch - pitch_class) % 12]
            if name not in _NAMES:
                name -= 12 if name > 0 else -12
            strength[name] = strength.get(name, 0) + count
    middle = sum(tonics) / 12
    return Spelled(pitch, max(strength, key=lambda name: (strength[name], -abs(name - middle))))
