"""Find and open a bundle: a folder with two graphs, seed pieces, and a card with their checksums.

Law: nothing of a bundle is used before it has been held against its card, and the card against this version of bachd.

    models/chorales/
      card.json     what it is, what it was made for, and the sha256 of every other file
      trunk.tflite  head.tflite
      trunk_edgetpu.tflite  the trunk, compiled for the Edge TPU; not every bundle has it
      seeds/        .mid files
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bachd.errors import ModelError, did_you_mean
from bachd.music import midifile
from bachd.music.piece import Piece
from bachd.neural.bundle.card import COMPILED, Card, read_card, read_file

SHIPPED: Final = ("chorales", "cello", "keyboard")
"""Names of the bundles that come with bachd."""


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
            raise ModelError(f"model '{self.card.name}' has no piece '{name}'{did_you_mean(name, self._seeds)}")
        return midifile.read(self._seeds[name], name)


def names() -> list[str]:
    """The bundles that came with bachd, in alphabetical order."""
    return sorted(card.parent.name for card in _home().glob("*/card.json"))


def own(home: Path, model: str = "") -> list[str]:
    """The bundles of one's own, as absolute paths: folders in `home` or in its 'bundles', and those beside `model`.

    model: the name or the path of a bundle; only one that is given by its path is one's own.
    """
    places = [home, home / "bundles"]
    found = []
    if "/" in model:
        places.append(Path(model).parent)
        found.append(Path(model))
    for place in places:
        found += sorted(card.parent for card in place.glob("*/card.json"))
    each = {path.resolve(): str(path.absolute()) for path in reversed(found) if not is_shipped(path.resolve())}
    return sorted(each.values())


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
    raise ModelError(f"model: no model '{text}'{did_you_mean(text, names()) or f'; the models are {known}'}")


def is_shipped(folder: Path) -> bool:
    """Whether a bundle's folder is one that came with bachd."""
    return folder.name in SHIPPED and folder.parent == _home()


def _home() -> Path:
    """Return the folder of the shipped bundles: in the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[2]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def _verified(folder: Path, file: str, checksum: str) -> bytes:
    content = read_file(folder / file)
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ModelError(f"{folder / file}: is not the file that card.json describes; install the bundle again")
    return content
