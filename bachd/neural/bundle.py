"""A bundle: a folder with the two graphs, the pieces to start from, and a card that vouches for them.

Law: nothing of a bundle is used before it has been held against its card, and the card against this version of bachd.

    models/chorales/
      card.json     what it is, what it was made for, and the sha256 of every other file
      trunk.tflite  head.tflite
      trunk_edgetpu.tflite  the trunk, compiled for the Edge TPU; not every bundle has it
      seeds/        .mid files
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from bachd.errors import ModelError, suggestion
from bachd.music import habits, midifile
from bachd.music.form import Habits
from bachd.music.piece import Piece
from bachd.neural import features

FORMAT: Final = 1
"""Format of the card that this version reads."""
SAMPLING_LIMITS: Final = {"temperature": (0.0, 2.0), "top_p": (0.1, 1.0), "key": (0.0, 2.0)}
"""Least and largest value of what a person may set in place of a bundle's `SamplingDefaults`."""
CARD_LIMITS: Final = SAMPLING_LIMITS | {
    "length_temperature": (0.0, 2.0),
    "length_top_p": (0.1, 1.0),
    "memory": (0.0, 1.0),
}
"""The same for all parts of it."""
GRAPHS: Final = ("trunk.tflite", "head.tflite")
SHIPPED: Final = ("chorales", "cello", "keyboard")
"""Names of the bundles that come with bachd."""
MOST_BYTES: Final = 64 << 20
"""Bytes of a bundle's largest file; the graphs that are shipped have 2 MB."""
COMPILED: Final = "trunk_edgetpu.tflite"
"""What the Edge TPU's compiler makes of the trunk; only used when the card vouches for it."""


@dataclass(frozen=True, slots=True)
class SamplingDefaults:
    """How a model is drawn from where nobody says otherwise; the sampler explains each."""

    temperature: float = 0.95
    top_p: float = 0.98
    key: float = 0.0
    length_temperature: float | None = None
    """None is as for notes."""
    length_top_p: float | None = None
    memory: float = 1.0
    """How much a piece recalls of itself."""


@dataclass(frozen=True, slots=True)
class Card:
    """What card.json says, as far as playing needs it; the rest is for people."""

    name: str
    files: Mapping[str, str]
    """sha256 (hex) of each file, by its path in the folder."""
    seeds: Mapping[str, str]
    """Path in the folder of each seed piece's .mid file, by the piece's name."""
    pitches: tuple[int, int]
    """Lowest and highest MIDI number that the music the model learned from uses."""
    sampling_defaults: SamplingDefaults = SamplingDefaults()
    habits: Habits = field(default_factory=Habits)
    """What pieces are planned by."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A verified bundle."""

    folder: Path
    card: Card
    _seeds: Mapping[str, bytes]

    @classmethod
    def open(cls, name_or_path: str | Path) -> Bundle:
        """Find and verify a bundle. Raises ModelError that names what is missing, damaged or does not fit."""
        found = folder(name_or_path)
        card = read_card(found)
        contents = {file: _verified(found, file, checksum) for file, checksum in card.files.items()}
        # The seeds stay in memory: they are small, and in a week's time they are still what was verified.
        return cls(found, card, {name: contents[file] for name, file in card.seeds.items()})

    @property
    def compiled(self) -> Path | None:
        """The trunk for the Edge TPU; None where the bundle has none."""
        return self.folder / COMPILED if COMPILED in self.card.files else None

    @property
    def seed_names(self) -> tuple[str, ...]:
        """Names of the seed pieces, in the card's order."""
        return tuple(self.card.seeds)

    def seed(self, name: str) -> Piece:
        """A seed piece. Raises ModelError for an unknown name, SeedError for a file that holds no music."""
        if name not in self._seeds:
            raise ModelError(f"model '{self.card.name}' has no piece '{name}'{suggestion(name, self._seeds)}")
        return midifile.read(self._seeds[name], name)


def names() -> list[str]:
    """The bundles that came with bachd, in alphabetical order."""
    return sorted(card.parent.name for card in _home().glob("*/card.json"))


def folder(name_or_path: str | Path) -> Path:
    """The folder of a bundle, given by its name or as a path. Raises ModelError when there is none."""
    text = str(name_or_path)
    if isinstance(name_or_path, str) and text in names():
        return _home() / text
    known = ", ".join(names()) or "none installed"
    with suppress(OSError, RuntimeError, ValueError):  # one above may not be entered; the home of nobody; a NUL
        path = Path(text).expanduser()
        if path.is_dir():
            return path
    if "/" in text:
        raise ModelError(f"model: no folder {text}; give a bundle's folder, or the name of a model ({known})")
    raise ModelError(f"model: no model '{text}'{suggestion(text, names()) or f'; the models are {known}'}")


def is_shipped(folder: Path) -> bool:
    """Whether a bundle's folder is one that came with bachd."""
    return folder.name in SHIPPED and folder.parent == _home()


def read_card(folder: Path) -> Card:
    """Read and check a bundle's card, but none of the files it names. Cheap. Raises ModelError."""
    path = folder / "card.json"
    try:
        data = json.loads(_read(path))
    except (ValueError, RecursionError) as fault:
        raise ModelError(f"{path}: is no JSON: {fault}; install the bundle again") from fault
    reader = _Reader(path, data)
    if reader.get("format", int) != FORMAT:
        raise ModelError(
            f"{path}: has format {_short(data['format'])}, this bachd reads {FORMAT}; use matching versions of both"
        )
    if reader.get("fingerprint", str) != features.FINGERPRINT or reader.get("context", int) != features.CONTEXT:
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
    card = Card(
        name=name,
        files=files,
        seeds={name: str(seed.get("file")) for name, seed in seeds.items()},
        pitches=(pitches[0], pitches[1]),
        sampling_defaults=SamplingDefaults(**sampling_defaults),
        habits=_habits(reader, data.get("form")),
    )
    reader.require(len(card.seeds) > 0, "seeds")
    reader.require(
        all(file in files for file in (*GRAPHS, *card.seeds.values())), "files", "it misses one that is needed"
    )
    reader.require(all(_is_inside(file) for file in files), "files", "one lies outside the bundle's folder")
    return card


def _habits(reader: _Reader, data: object) -> Habits:
    """What the card says of the form of pieces; cards of earlier versions say nothing."""
    if data is None:
        return Habits()
    try:
        return habits.from_json(data)
    except ValueError as fault:
        reader.require(fits=False, key="form", complaint=str(fault))
        raise


class _Reader:
    """Takes values out of a card and complains about it by name."""

    def __init__(self, path: Path, data: object) -> None:
        self._path = path
        if not isinstance(data, dict):
            raise ModelError(f"{path}: is no card: it holds no JSON object; install the bundle again")
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


def _home() -> Path:
    """Where the bundles lie that came with bachd: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def _verified(folder: Path, file: str, checksum: str) -> bytes:
    content = _read(folder / file)
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ModelError(f"{folder / file}: is not the file that card.json describes; install the bundle again")
    return content


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ModelError(f"{path}: is no file; install the bundle again")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
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
