"""List the models that are there, and the pieces that each can start from.

Law: what is listed is what the settings take.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

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
    """A bundle that came with bachd."""

    name: str
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


def models() -> list[ModelEntry]:
    """The bundles that came with bachd, in alphabetical order. Raises ModelError for a damaged one."""
    found = []
    for name in bundle.names():
        home = bundle.folder(name)
        card = read_card(home)
        told = json.loads((home / "card.json").read_text(encoding="utf-8"))
        found.append(ModelEntry(name, str(told.get("description", "")), len(card.seeds)))
    return found
