"""Read and check a bundle's card.json.

Law: a card is held against this version of bachd before anything of it is used. Every fault is a ModelError that names
the key and what to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from bachd.errors import ModelError
from bachd.music.form import habits_json
from bachd.music.form.habits import Habits
from bachd.neural import features

FORMAT: Final = 1
"""Format of the card that this version reads."""
SAMPLING_LIMITS: Final = {"temperature": (0.0, 2.0), "top_p": (0.1, 1.0), "key": (0.0, 2.0)}
"""Least and largest value of what a person may set in place of a bundle's `SamplingDefaults`."""
CARD_LIMITS: Final = SAMPLING_LIMITS | {
    "length_temperature": (0.0, 2.0),
    "length_top_p": (0.1, 1.0),
    "memory": (0.0, 1.0),
    "likeness": (0.0, 1.0),
}
"""The same for all parts of it."""
_PROGRAMS: Final = 128
"""General MIDI's, which people count from 1."""
_DEGREES: Final = {str(degree): degree for degree in range(12)}
GRAPHS: Final = ("trunk.tflite", "head.tflite")
MOST_BYTES: Final = 64 << 20
"""Bytes of a bundle's largest file; the graphs that are shipped have 2 MB."""
HARMONY: Final = "harmony.tflite"
"""The graph that names chords under a melody; bundles need not have it."""
COMPILED: Final = "trunk_edgetpu.tflite"
"""What the Edge TPU's compiler makes of the trunk; only used when the card vouches for it."""


@dataclass(frozen=True, slots=True)
class SamplingDefaults:
    """Defaults of a bundle's sampling; the sampler explains each."""

    temperature: float = 0.95
    top_p: float = 0.98
    key: float = 0.0
    length_temperature: float | None = None
    """None is as for notes."""
    length_top_p: float | None = None
    memory: float = 1.0
    """How much a piece recalls of itself."""
    likeness: float = 0.0
    """How closely a piece keeps to the character of its seed piece."""


@dataclass(frozen=True, slots=True)
class Harmony:
    """What the graph that names chords under a melody was made for, and what it answers."""

    fingerprint: str
    """Names the layout of its input."""
    chords: tuple[tuple[int, ...], ...]
    """In the order of its answers, as semitones above the note of the melody."""


@dataclass(frozen=True, slots=True)
class Card:
    """Contents of card.json that playing needs; the rest is for people."""

    name: str
    files: Mapping[str, str]
    """sha256 (hex) of each file, by its path in the folder."""
    seeds: Mapping[str, str]
    """Path in the folder of each seed piece's .mid file, by the piece's name."""
    pitches: tuple[int, int]
    """Lowest and highest MIDI number that the music the model learned from uses."""
    sampling_defaults: SamplingDefaults = SamplingDefaults()
    program: int = 0
    """The General MIDI program that fits the music, 0 to 127, for synths that are bachd's own."""
    habits: Habits = field(default_factory=Habits)
    """What pieces are planned by."""
    harmony: Harmony | None = None
    """What HARMONY answers; None without that graph."""

    @property
    def graphs(self) -> tuple[str, ...]:
        """Names of the graphs that it has, but for compiled ones."""
        return GRAPHS if self.harmony is None else (*GRAPHS, HARMONY)


def read_card(folder: Path) -> Card:
    """Read and check a bundle's card, but none of the files it names. Cheap. Raises ModelError."""
    path = folder / "card.json"
    try:
        data = json.loads(read_file(path))
    except (ValueError, RecursionError) as fault:
        raise ModelError(f"{path}: is not JSON: {fault}; install the bundle again") from fault
    reader = _Reader(path, data)
    if reader.get("format", int) != FORMAT:
        raise ModelError(
            f"{path}: has format {_short(data['format'])}, this bachd reads {FORMAT}; use matching versions of both"
        )
    known = (features.FINGERPRINT, features.EARLIER_FINGERPRINT)
    if reader.get("fingerprint", str) not in known or reader.get("context", int) != features.CONTEXT:
        raise ModelError(
            f"{path}: was made for feature layout {_short(data['fingerprint'])} and context "
            f"{_short(data.get('context'))}, this bachd has {features.FINGERPRINT} and {features.CONTEXT}; use "
            "matching versions, or train it again"
        )
    files: dict[str, str] = reader.mapping("files", str)
    seeds: dict[str, dict[str, Any]] = reader.mapping("seeds", dict)
    pitches = reader.get("range", list)
    reader.require(len(pitches) == 2 and all(type(pitch) is int for pitch in pitches), "range")
    reader.require(features.LOWEST <= pitches[0] < pitches[-1] <= features.HIGHEST, "range")
    sampling_defaults = data.get("sampling", {})
    reader.require(
        isinstance(sampling_defaults, dict)
        and sampling_defaults.keys() <= CARD_LIMITS.keys()
        and all(
            type(value) in (int, float) and CARD_LIMITS[name][0] <= value <= CARD_LIMITS[name][1]
            for name, value in sampling_defaults.items()
        ),
        "sampling",
    )
    name = reader.get("name", str)
    reader.require(_is_name(name), "name")
    reader.require(all(map(_is_name, (*files, *seeds))), "files" if all(map(_is_name, seeds)) else "seeds")
    program = data.get("program", 1)
    reader.require(type(program) is int and 1 <= program <= _PROGRAMS, "program")
    card = Card(
        name=name,
        program=program - 1,
        files=files,
        seeds={name: str(seed.get("file")) for name, seed in seeds.items()},
        pitches=(pitches[0], pitches[1]),
        sampling_defaults=SamplingDefaults(**sampling_defaults),
        habits=_habits(reader, data.get("form")),
        harmony=_harmony(reader, data.get("harmony"), files),
    )
    reader.require(len(card.seeds) > 0, "seeds")
    reader.require(
        all(file in files for file in (*GRAPHS, *card.seeds.values())), "files", "it misses one that is needed"
    )
    reader.require(all(_is_inside(file) for file in files), "files", "one lies outside the bundle's folder")
    return card


def _habits(reader: _Reader, data: object) -> Habits:
    """Return the habits in a card; cards of earlier versions have none."""
    if data is None:
        return Habits()
    try:
        return habits_json.from_json(data)
    except ValueError as fault:
        reader.require(fits=False, key="form", complaint=str(fault))
        raise


def _harmony(reader: _Reader, data: Any, files: Mapping[str, str]) -> Harmony | None:
    """Return what the card says of HARMONY; cards of earlier versions say nothing."""
    if data is None:
        return None
    reader.require(isinstance(data, dict) and type(data.get("fingerprint")) is str, "harmony")
    texts = data.get("chords")
    chords = tuple(map(_chord, texts)) if isinstance(texts, list) else ()
    reader.require(len(chords) > 0 and all(chords), "harmony")
    reader.require(HARMONY in files, "files", f"it misses {HARMONY}")
    return Harmony(data["fingerprint"], chords)


def _chord(text: object) -> tuple[int, ...]:
    """Return a chord that is written as '0 4 7'; () if it is none."""
    found = tuple(_DEGREES.get(each, -1) for each in text.split()) if isinstance(text, str) else ()
    return found if found[:1] == (0,) and list(found) == sorted(set(found)) else ()


class _Reader:
    """Takes values out of a card; its errors name the key."""

    def __init__(self, path: Path, data: object) -> None:
        self._path = path
        if not isinstance(data, dict):
            raise ModelError(f"{path}: is not a card: it holds no JSON object; install the bundle again")
        self._data: dict[str, Any] = data

    def get(self, key: str, *kinds: type) -> Any:
        value = self._data.get(key)
        self.require(type(value) in kinds, key)
        return value

    def mapping(self, key: str, kind: type) -> dict[str, Any]:
        value: dict[str, Any] = self.get(key, dict)
        self.require(all(type(item) is kind for item in value.values()), key)
        return value

    def require(self, fits: bool, key: str, complaint: str = "missing, or no such value as belongs there") -> None:
        if not fits:
            raise ModelError(f"{self._path}: '{key}': {complaint}; install the bundle again")


def read_file(path: Path) -> bytes:
    """The content of a file of a bundle. Raises ModelError if it cannot be read, or is too large to be one."""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ModelError(f"{path}: is not a file; install the bundle again")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size  # Python takes as much memory as it is asked to read
            content = file.read(min(size, MOST_BYTES) + 1)
    except OSError as fault:
        raise ModelError(f"{path}: cannot be read ({fault.strerror}); install the bundle again") from fault
    if len(content) > MOST_BYTES:
        raise ModelError(f"{path}: is larger than {MOST_BYTES >> 20} MB; install the bundle again")
    return content


def _short(value: object) -> str:
    """Part of a card, for an error text of one line."""
    text = str(value)[:40]
    return text if text.isprintable() else ascii(text)


def _is_name(text: str) -> bool:
    """Whether people and file systems can read it: no NUL, no half of a surrogate pair, no control character."""
    return 0 < len(text) <= 255 and text.isprintable()


def _is_inside(file: str) -> bool:
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts
