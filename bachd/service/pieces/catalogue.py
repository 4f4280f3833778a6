"""List the models that are there, and the pieces that each can start from.

Law: what is listed is what the settings take.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bachd.errors import ModelError
from bachd.music import keys
from bachd.music.notation.spelling import key_name
from bachd.neural.bundle import bundle
from bachd.neural.bundle.bundle import Bundle
from bachd.neural.bundle.card import read_card
from bachd.service.pieces import titles


@dataclass(frozen=True, slots=True)
class SeedPiece:
    """A piece of a bundle."""

    name: str
    title: str
    """As music lovers know it; empty where it is not known."""
    key: str
    """Such as 'B flat major'."""
    metre: str
    bars: int


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A bundle that came with bachd, or one of one's own."""

    name: str
    """Or its path, from the working directory if it is there."""
    description: str
    pieces: int


def pieces(model: str) -> list[SeedPiece]:
    """The seed pieces of a bundle, by its name or folder. Raises ModelError."""
    opened = Bundle.open(model)
    found = []
    for name in opened.seed_names:
        piece = opened.seed(name)
        last = piece.grid.place(max(0, piece.ticks - 1)).bar
        found.append(
            SeedPiece(
                name,
                titles.title(name),
                key_name(keys.home(piece.events)),
                str(piece.grid.changes[0][1]),
                last + (0 if piece.grid.upbeat else 1),
            )
        )
    return found


def matching(found: Iterable[SeedPiece], words: str) -> list[SeedPiece]:
    """Those of the pieces that have every word in their name, title, key or metre, whatever its accents and case."""
    wanted = [_plain(word) for word in words.split()]
    return [piece for piece in found if all(word in _text(piece) for word in wanted)]


def none_fits(model: str, words: str) -> str:
    """Say that no piece of a model has all the words, and where to look instead. Raises ModelError."""
    none = f"no piece of {model!r} fits {words!r}"
    if words in bundle.names():
        return f"{none}; 'bachd pieces --model {words}' lists the pieces of that model"
    for other in bundle.names():
        if number := len(matching(pieces(other), words)):
            return f"{none}; model {other!r} has {number}: add --model {other}"
    return f"{none}; 'bachd pieces --model {model}' lists them"


def _text(piece: SeedPiece) -> str:
    number = piece.name.removeprefix("bwv")
    return _plain(f"{piece.name} bwv {number} {piece.title} {piece.key} {piece.metre}")


def _plain(text: str) -> str:
    """A text in small letters, without accents and apostrophes."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign) and sign not in "'\u2019")


def models(home: Path, model: str) -> list[ModelEntry]:
    """The bundles that came with bachd, in alphabetical order, and after them those of `bundle.own`.

    home: the folder of the settings. model: that of the settings. Raises ModelError for a damaged one of bachd's.
    """
    found = [_entry(name, bundle.folder(name)) for name in bundle.names()]
    for path in map(Path, bundle.own(home, model)):
        name = f"./{path.relative_to(Path.cwd())}" if path.is_relative_to(Path.cwd()) else str(path)
        try:
            found.append(_entry(name, path))
        except ModelError as fault:
            found.append(ModelEntry(name, f"cannot be used: {fault}", 0))
    return found


def _entry(name: str, home: Path) -> ModelEntry:
    card = read_card(home)
    told = json.loads((home / "card.json").read_text(encoding="utf-8"))
    return ModelEntry(name, str(told.get("description", "")), len(card.seeds))
